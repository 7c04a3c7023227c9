// Package emulator is a local Alibaba Cloud KMS: the shared gateway, an
// instance's own gateway and the dedicated gateway on their real wire protocols,
// over TLS on loopback, with one engine below.
//
//	s, err := emulator.Start(ctx, emulator.Options{Memory: true})
//	defer s.Close()
//	s.Ready() // endpoints, credentials, CA
//
// It may import its sub-packages and the wire codecs of internal/kms/wire, and
// nothing else of ours. Start reading at options.go, then server.go.
package emulator
