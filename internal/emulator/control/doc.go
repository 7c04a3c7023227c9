// Package control is how people and scripts steer a running emulator: its
// clock, faults, call log, snapshots and contents, over JSON on loopback,
// guarded by a token. It is no part of what is emulated.
//
// It may import engine, fault, calllog and store. Start reading at protocol.go,
// then server.go; client.go is the Go client that the command line uses.
package control
