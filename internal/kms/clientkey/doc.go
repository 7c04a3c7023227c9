// Package clientkey is the client of an instance's gateway with a ClientKey: protobuf over TLS, each request
// signed by its own RSA key. The Advance operations are its default, because only they follow rotation.
//
// It imports internal/kms, transport, compare and the wire codecs. Start reading at call.go, which is one call
// from top to bottom; load.go reads the ClientKey's file.
package clientkey
