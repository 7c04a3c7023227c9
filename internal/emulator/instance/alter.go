package instance

import (
	"net/http"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// versionMember is the key version's name among the members of an answer. Messages
// have no field for it; it stands in a header.
const versionMember = "KeyVersionId"

// alter lets a fault rule change a granted answer's members.
func alter(a fault.Answer, out proto.Message, change func(fault.Members)) fault.Answer {
	altered := proto.Clone(out)
	m := altered.ProtoReflect()
	members, known := membersOf(m)
	if version := a.Header.Get(dkms.HeaderMigrationKeyVersionID); version != "" {
		members[versionMember] = version
	}
	change(members)
	added := false
	for name, v := range members {
		if field := known[name]; field != nil {
			setField(m, field, v)
		} else if name != versionMember {
			added = true
		}
	}
	body, err := proto.Marshal(altered)
	if err != nil { // a text that a rule made: it is valid
		return a
	}
	a.Body, a.Header = body, alteredHeader(a.Header, members)
	if added {
		a.Body = append(a.Body, unknownField...)
	}
	return a
}

// membersOf gives a flat message's scalar fields under their API names.
func membersOf(m protoreflect.Message) (fault.Members, map[string]protoreflect.FieldDescriptor) {
	members, known := fault.Members{}, map[string]protoreflect.FieldDescriptor{}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.IsList() || field.IsMap() {
			continue
		}
		switch field.Kind() {
		case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.BoolKind:
			name := apiName(string(field.Name()))
			members[name], known[name] = m.Get(field).Interface(), field
		}
	}
	return members, known
}

func setField(m protoreflect.Message, field protoreflect.FieldDescriptor, v any) {
	switch v := v.(type) {
	case string:
		m.Set(field, protoreflect.ValueOfString(valid(v)))
	case []byte:
		m.Set(field, protoreflect.ValueOfBytes(v))
	case bool:
		m.Set(field, protoreflect.ValueOfBool(v))
	}
}

func alteredHeader(h http.Header, members fault.Members) http.Header {
	version, _ := members[versionMember].(string)
	if version == "" {
		return h
	}
	h = h.Clone()
	h.Set(dkms.HeaderMigrationKeyVersionID, version)
	return h
}

// unknownField is field 9999, a string "kmsplan". It stands for whatever member a
// rule adds.
var unknownField = []byte("\xfa\xf0\x04\x07kmsplan")
