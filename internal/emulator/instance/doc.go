// Package instance is the KMS instance's own host: the protobuf protocol
// dkms-gcs-0.2 for ClientKeys, and on the same port the dedicated gateway for
// RAM credentials, which package public serves.
//
// It may import engine, public, fault, calllog and the wire codecs. Start
// reading at handler.go, then verify.go.
package instance
