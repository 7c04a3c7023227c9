// Package fault makes the emulator misbehave on purpose, and the same way every
// time: rules are matched on gateway, operation, key and caller, and counted,
// never drawn by lot.
//
// A rule acts in one of three places: on the connection (TLS faults), when a
// request arrives (before it is authenticated), or around its execution
// (before or after the commit). An injected answer carries the header
// x-kmsplan-fault and is no evidence of the emulator's own behaviour.
//
// It imports the standard library and a string distance, and nothing of ours.
// Start reading at action.go, then injector.go and deliver.go.
package fault
