package engine

import (
	"errors"

	"google.golang.org/protobuf/proto"
)

// instanceCryptoOperations lists the instance gateway's operations. The plain
// ones use the key's initial version, so that rotation does not change what they
// do; the Advance ones the primary version (KMS: Encrypt, AdvanceEncrypt).
func instanceCryptoOperations() []InstanceOperation {
	all := []InstanceOperation{
		iop("Encrypt", (*Engine).instanceEncrypt),
		iop("Decrypt", (*Engine).instanceDecrypt),
		iop("AdvanceEncrypt", (*Engine).advanceEncrypt),
		iop("AdvanceDecrypt", (*Engine).advanceDecrypt),
		iop("GenerateDataKey", (*Engine).instanceDataKey),
		iop("AdvanceGenerateDataKey", (*Engine).advanceDataKey),
		iop("GenerateDataKeyPair", (*Engine).instancePair),
		iop("GenerateDataKeyPairWithoutPlaintext", (*Engine).instancePairWithoutPlaintext),
		iop("AdvanceGenerateDataKeyPair", (*Engine).advancePair),
		iop("AdvanceGenerateDataKeyPairWithoutPlaintext", (*Engine).advancePairWithoutPlaintext),
		iop("Sign", (*Engine).instanceSign),
		iop("Verify", (*Engine).instanceVerify),
		iop("GetPublicKey", (*Engine).instancePublicKey),
		iop("GenerateRandom", (*Engine).instanceRandom),
		iop("GetSecretValue", (*Engine).instanceSecretValue),
	}
	for i := range all {
		all[i].Handle = inInstanceWords(all[i].Handle)
	}
	return all
}

type instanceHandler = func(*Engine, *Call, proto.Message) (proto.Message, error)

// inInstanceWords gives refusals the sentences of the instance gateway, which
// differ from the public one's (KMS: instance API, common error codes).
func inInstanceWords(handle instanceHandler) instanceHandler {
	return func(e *Engine, c *Call, in proto.Message) (proto.Message, error) {
		out, err := handle(e, c, in)
		var refusal *Error
		if err != nil && errors.As(err, &refusal) {
			return nil, instanceWords(refusal, err)
		}
		return out, serviceError(err)
	}
}

func instanceWords(refusal *Error, err error) error {
	switch refusal.Code {
	case "InvalidParameter":
		return refuse(400, "InvalidParameter", "The specified parameter is not valid.")
	case "UnsupportedOperation":
		return refuse(400, "UnsupportedOperation", "Rejected.UnsupportedOperation")
	case "Forbidden.KeyNotFound", "Forbidden.AliasNotFound", "Forbidden.KeyVersionNotFound":
		return refuse(404, "Forbidden.KeyNotFound", "The specified key does not exist in the key store.")
	}
	return err
}

// needed refuses an absent parameter in the instance gateway's words; an empty
// protobuf field is an absent one.
func needed(name string, present bool) error {
	if !present {
		return refuse(400, "MissingParameter", "Parameter %s does not exist in http header or body.", name)
	}
	return nil
}
