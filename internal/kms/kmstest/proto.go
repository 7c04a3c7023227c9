package kmstest

import (
	"net/http"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// VersionID is a key version that ciphertext begins with.
const VersionID = "3de371e8-682c-55a8-2e34-7be2e84acf85"

// AnswerProto writes a protobuf answer of the instance gateway.
func AnswerProto(w http.ResponseWriter, status int, m proto.Message) {
	body, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", dkms.ContentType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// RefuseProto writes a refusal of the instance gateway.
func RefuseProto(w http.ResponseWriter, status int, code, message string) {
	AnswerProto(w, status, &dkms.Error{StatusCode: int32(status), ErrorCode: code, ErrorMessage: message, RequestId: "REQ-2"})
}

// ProtoMessages returns empty request and response messages of an operation of the instance gateway.
func ProtoMessages(operation string) (in, out proto.Message) {
	find := func(kind string) proto.Message {
		message, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("kmsplan.dkms.v0." + operation + kind))
		if err != nil {
			panic(err)
		}
		return message.New().Interface()
	}
	return find("Request"), find("Response")
}
