package crypto

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// InstanceOperations lists the instance gateway's operations. The plain
// ones use the key's initial version, so that rotation does not change what they
// do; the Advance ones the primary version (KMS: Encrypt, AdvanceEncrypt).
func InstanceOperations() []core.InstanceOperation {
	all := []core.InstanceOperation{
		core.Iop("Encrypt", instanceEncrypt),
		core.Iop("Decrypt", instanceDecrypt),
		core.Iop("AdvanceEncrypt", advanceEncrypt),
		core.Iop("AdvanceDecrypt", advanceDecrypt),
		core.Iop("GenerateDataKey", instanceDataKey),
		core.Iop("AdvanceGenerateDataKey", advanceDataKey),
		core.Iop("GenerateDataKeyPair", instancePair),
		core.Iop("GenerateDataKeyPairWithoutPlaintext", instancePairWithoutPlaintext),
		core.Iop("AdvanceGenerateDataKeyPair", advancePair),
		core.Iop("AdvanceGenerateDataKeyPairWithoutPlaintext", advancePairWithoutPlaintext),
		core.Iop("Sign", instanceSign),
		core.Iop("Verify", instanceVerify),
		core.Iop("GetPublicKey", instancePublicKey),
		core.Iop("GenerateRandom", instanceRandom),
	}
	for i := range all {
		all[i] = InWordsOfTheInstance(all[i])
	}
	return all
}

// InWordsOfTheInstance lets an operation refuse in the instance gateway's words.
func InWordsOfTheInstance(o core.InstanceOperation) core.InstanceOperation {
	o.Handle = inInstanceWords(o.Handle)
	return o
}

type instanceHandler = func(*core.Engine, *core.Call, proto.Message) (proto.Message, error)

// inInstanceWords gives refusals the sentences of the instance gateway, which
// differ from the public one's (KMS: instance API, common error codes).
func inInstanceWords(handle instanceHandler) instanceHandler {
	return func(e *core.Engine, c *core.Call, in proto.Message) (proto.Message, error) {
		out, err := handle(e, c, in)
		var refusal *core.Error
		if err != nil && errors.As(err, &refusal) {
			return nil, instanceWords(refusal, err)
		}
		return out, core.ServiceError(err)
	}
}

func instanceWords(refusal *core.Error, err error) error {
	switch refusal.Code {
	case "InvalidParameter":
		return core.Refuse(400, "InvalidParameter", "The specified parameter is not valid.")
	case "UnsupportedOperation":
		return core.Refuse(400, "UnsupportedOperation", "Rejected.UnsupportedOperation")
	case "Forbidden.KeyNotFound", "Forbidden.AliasNotFound", "Forbidden.KeyVersionNotFound":
		return core.Refuse(404, "Forbidden.KeyNotFound", "The specified key does not exist in the key store.")
	}
	return err
}
