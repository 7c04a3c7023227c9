package clientkey

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// messages returns empty request and response messages of an operation, which are named after it; nil
// for any other.
func messages(operation string) (in, out proto.Message) {
	return message(operation + "Request"), message(operation + "Response")
}

func message(name string) proto.Message {
	found := dkms.File_dkms_proto.Messages().ByName(protoreflect.Name(name))
	if found == nil {
		return nil
	}
	typ, err := protoregistry.GlobalTypes.FindMessageByName(found.FullName())
	if err != nil {
		return nil
	}
	return typ.New().Interface()
}

// Raw implements Caller. KeyVersionId, where an operation has it, travels in
// the migration header; an answer's header comes back as KeyVersionId.
func (c *Client) Raw(ctx context.Context, operation string, params map[string]any) (json.RawMessage, error) {
	object := kms.ObjectOf(params)
	e := c.newError(operation, object)
	o, ok := c.operations[operation]
	if !ok {
		e.Code, e.Message = kms.UnknownOperation(operation, kms.GatewayInstance)
		return nil, e
	}
	in, out := messages(operation)
	version, err := fillMessage(o, params, in)
	if err != nil {
		e.Code, e.Message = kms.CodeBadParameter, err.Error()
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
func fillMessage(o *kms.Operation, params map[string]any, in proto.Message) (version string, err error) {
	sending, err := o.Encode(params)
	if err != nil {
		return "", err
	}
	fields := map[string]any{}
	for _, p := range o.Params {
		if !sending.Values.Has(p.Name) {
			continue
		}
		text := sending.Values.Get(p.Name)
		switch {
		case p.Name == "KeyVersionId":
			version = text
		case p.Type == kms.TypeInt:
			fields[lowerFirst(p.Name)] = json.Number(text)
		case p.Type == kms.TypeBool:
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

// errParams is for values that fit no field; the value itself is not quoted.
var errParams = errors.New("a parameter has a value that the operation does not take")
