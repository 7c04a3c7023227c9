// Package engine is the service inside the emulator: what Alibaba Cloud KMS
// keeps, decides and refuses, whichever gateway a call came through. It knows no
// wire format.
//
// Every operation is a typed handler (request struct, answer struct) in the table
// Operations or InstanceOperations; the gateways decode, look up and encode.
// Refusals are *Error values with the service's codes. Time is virtual: due
// events (rotations, deletions, expiries) stand in an index and happen at their
// own instant, before the next call sees the world.
//
// What the service's documentation leaves open is decided in package
// undocumented and nowhere else.
//
// It may import the emulator's store, clock and crypt, the instance gateway's
// messages (kms/wire/dkms) and libraries; no gateway. Start reading at engine.go
// (the Engine), operation.go (how an operation is declared), then key.go.
package engine
