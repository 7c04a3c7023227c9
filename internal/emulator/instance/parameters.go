package instance

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
)

// parameters are the message's fields that the call log may keep, under their
// API names.
func parameters(in proto.Message) map[string]string {
	kept := map[string]string{}
	in.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := apiName(string(f.Name()))
		if !calllog.Allowed(name) {
			return true
		}
		switch f.Kind() {
		case protoreflect.StringKind:
			kept[name] = v.String()
		case protoreflect.Int32Kind:
			kept[name] = strconv.FormatInt(v.Int(), 10)
		case protoreflect.BoolKind:
			kept[name] = strconv.FormatBool(v.Bool())
		}
		return true
	})
	return kept
}

// apiName turns key_id into KeyId.
func apiName(field string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(field, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// valid replaces what protobuf's strings cannot hold.
func valid(s string) string { return strings.ToValidUTF8(s, "�") }
