// Package dkms is the wire protocol of the KMS instance gateway, version
// dkms-gcs-0.2: the protobuf messages, the names of its headers, the request
// signature and the ClientKey file.
//
// It imports the standard library, protobuf and go-pkcs12; the client and the
// emulator share it. Start reading at header.go, then sign.go.
package dkms

//go:generate sh -c "protoc --plugin=protoc-gen-go=$(go tool -n protoc-gen-go) --go_out=. --go_opt=paths=source_relative dkms.proto"
