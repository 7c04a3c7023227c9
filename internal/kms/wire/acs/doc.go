// Package acs holds the request signatures of Alibaba Cloud's OpenAPI gateways:
// ACS3-HMAC-SHA256, ACS4-HMAC-SHA256 and the older RPC style HMAC-SHA1.
// It is pure: it signs and verifies, and reads no clock, no network and no file.
//
// It imports the standard library only; the client and the emulator share it.
// Start reading at request.go (what is signed), then rpc.go.
package acs
