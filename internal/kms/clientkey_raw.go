package kms

import (
	"context"
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// messages returns empty request and response messages of an operation.
func messages(operation string) (in, out proto.Message) {
	switch operation {
	case "Encrypt":
		return &dkms.EncryptRequest{}, &dkms.EncryptResponse{}
	case "Decrypt":
		return &dkms.DecryptRequest{}, &dkms.DecryptResponse{}
	case "AdvanceEncrypt":
		return &dkms.AdvanceEncryptRequest{}, &dkms.AdvanceEncryptResponse{}
	case "AdvanceDecrypt":
		return &dkms.AdvanceDecryptRequest{}, &dkms.AdvanceDecryptResponse{}
	case "Sign":
		return &dkms.SignRequest{}, &dkms.SignResponse{}
	case "Verify":
		return &dkms.VerifyRequest{}, &dkms.VerifyResponse{}
	case "GenerateRandom":
		return &dkms.GenerateRandomRequest{}, &dkms.GenerateRandomResponse{}
	case "GenerateDataKey":
		return &dkms.GenerateDataKeyRequest{}, &dkms.GenerateDataKeyResponse{}
	case "AdvanceGenerateDataKey":
		return &dkms.AdvanceGenerateDataKeyRequest{}, &dkms.AdvanceGenerateDataKeyResponse{}
	case "GetPublicKey":
		return &dkms.GetPublicKeyRequest{}, &dkms.GetPublicKeyResponse{}
	case "GetSecretValue":
		return &dkms.GetSecretValueRequest{}, &dkms.GetSecretValueResponse{}
	case "GenerateDataKeyPair":
		return &dkms.GenerateDataKeyPairRequest{}, &dkms.GenerateDataKeyPairResponse{}
	case "GenerateDataKeyPairWithoutPlaintext":
		return &dkms.GenerateDataKeyPairWithoutPlaintextRequest{}, &dkms.GenerateDataKeyPairWithoutPlaintextResponse{}
	case "AdvanceGenerateDataKeyPair":
		return &dkms.AdvanceGenerateDataKeyPairRequest{}, &dkms.AdvanceGenerateDataKeyPairResponse{}
	case "AdvanceGenerateDataKeyPairWithoutPlaintext":
		return &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{}, &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextResponse{}
	}
	return nil, nil
}

// Raw implements Caller. KeyVersionId, where an operation has it, travels in
// the migration header; an answer's header comes back as KeyVersionId.
func (c *ClientKey) Raw(ctx context.Context, operation string, params map[string]any) (json.RawMessage, error) {
	object := objectOf(params)
	e := c.newError(operation, object)
	o, ok := c.operations[operation]
	if !ok {
		e.Code, e.Message = unknownOperation(operation, GatewayInstance)
		return nil, e
	}
	in, out := messages(operation)
	version, err := fillMessage(o, params, in)
	if err != nil {
		e.Code, e.Message = CodeBadParameter, err.Error()
		return nil, e
	}
	answered, err := c.call(ctx, operation, object, version, in, out)
	if err != nil {
		return nil, err
	}
	return messageJSON(out, answered)
}

// fillMessage checks params against the table and sets the message's fields.
// API names are the message's JSON names with a capital.
func fillMessage(o *Operation, params map[string]any, in proto.Message) (version string, err error) {
	sending, err := o.encode(params)
	if err != nil {
		return "", err
	}
	fields := map[string]any{}
	for _, p := range o.Params {
		if !sending.values.Has(p.Name) {
			continue
		}
		text := sending.values.Get(p.Name)
		switch {
		case p.Name == "KeyVersionId":
			version = text
		case p.Type == TypeInt:
			fields[lowerFirst(p.Name)] = json.Number(text)
		case p.Type == TypeBool:
			fields[lowerFirst(p.Name)] = text == "true"
		case p.Name == "KeyId":
			fields["keyId"] = keyResource(text)
		default:
			fields[lowerFirst(p.Name)] = text
		}
	}
	object, err := json.Marshal(fields)
	if err != nil {
		return "", errParams
	}
	if protojson.Unmarshal(object, in) != nil { // its text would quote values
		return "", errParams
	}
	return version, nil
}

// messageJSON renders an answer with the API's names, every field present.
func messageJSON(out proto.Message, version string) (json.RawMessage, error) {
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(out)
	if err != nil {
		return nil, errParams
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, errParams
	}
	named := make(map[string]any, len(fields)+1)
	for name, value := range fields {
		named[strings.ToUpper(name[:1])+name[1:]] = value
	}
	if _, has := named["KeyVersionId"]; !has && version != "" {
		named["KeyVersionId"] = version
	}
	return json.Marshal(named)
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }
