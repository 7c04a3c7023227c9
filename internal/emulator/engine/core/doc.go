// Package core is the ground of the emulator's engine: the Engine with its store,
// clock and randomness, the records it keeps, where they are found, who may reach
// them, the state machine of keys, events in time, and how operations are declared
// and refuse.
//
// The parts (keys, secrets, crypto, access, seed) are functions over it and know it;
// it knows none of them. What an event does to a key or a secret comes in as a
// Reaction.
//
// It may import the emulator's store, clock, crypt and undocumented. Start reading at
// engine.go, then records.go, operation.go and lookup.go.
package core
