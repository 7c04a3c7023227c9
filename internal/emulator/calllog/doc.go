// Package calllog remembers what the emulator was asked: a bounded ring of
// calls, exact counters per operation, and the parameters that no handler
// reads. Nothing secret enters it: parameters pass an allow-list.
//
// It imports the standard library only. Start reading at call.go, then log.go.
package calllog
