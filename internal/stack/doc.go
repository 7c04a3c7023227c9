// Package stack is a module at work: its configuration, gateways, keyring and state, open together. It
// surveys live objects and files, plans, applies, runs data blocks, finds out what interrupted runs left
// open, and edits the state.
//
// Start reading at Open, then Survey, Plan and Apply. gateways.go and connect.go open gateway blocks (an
// emulator among them), files.go does the work of data blocks, stored.go reads and edits the state.
//
// It returns values, diagnostics and typed errors, prints nothing, and knows neither flags nor views: what
// happens on the way goes out through the callbacks of Options. It may import everything below it, and no
// other package but cli may import the emulator.
package stack
