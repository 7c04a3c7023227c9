// Package engine is the service inside the emulator: what Alibaba Cloud KMS
// keeps, decides and refuses, whichever gateway a call came through. It knows no
// wire format.
//
// It is put together here from its parts:
//
//   - core: the Engine itself with its records, time, places, permissions and
//     refusals, and how an operation is declared;
//   - keys: keys, aliases, versions, rotation, imported material, tags, policies;
//   - secrets: secrets, their versions, stages and rotation;
//   - crypto: what uses keys, on all three doors;
//   - access: the service, instances, access points, client keys, network rules;
//   - seed: objects with ids and material of an author's choice.
//
// Every operation is a function of the Engine and the Call, with a request and an
// answer of its own, in the tables Operations and InstanceOperations; the gateways
// decode, look up and encode. Refusals are *Error values with the service's codes.
// Time is virtual: due events (rotations, deletions, expiries) stand in an index and
// happen at their own instant, before the next call sees the world.
//
// What the service's documentation leaves open is decided in package undocumented
// and nowhere else.
//
// It may import its parts, and they the emulator's store, clock and crypt, the
// instance gateway's messages (kms/wire/dkms) and libraries; no gateway. Start
// reading at compose.go, then core/engine.go and core/operation.go, then keys/key.go.
package engine
