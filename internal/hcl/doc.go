// Package hcl is kmsplan's language: the files of a module, in; diagnostics and a
// checked, evaluated Config, out. It reads files below the module's directory and
// nothing else of the world: variables, environment and version come in through
// Inputs, so loading is a function of its arguments. It prints nothing.
//
// Evaluation has three phases. Settings and variables are assigned first
// (decode_settings.go, assign.go). Then names are resolved into a graph, cycles found,
// and locals and gateways evaluated in its order (reference.go, graph.go, resolve.go).
// Then blocks are expanded and every instance is checked against its kind's table
// and KMS's rules (expand.go, evaluate.go, rules.go). Each phase collects its
// diagnostics; none stops the next.
//
// Loading evaluates with computed attributes unknown. Planner and apply evaluate
// again through Config.Body with an Objects that knows more; ObjectMap is one.
//
// It imports addr and kind. Start reading at Load.
package hcl

// The tables of docs/language.md are made from the program's own; a test compares.
//
//go:generate go test . -run TestTheReferenceIsUpToDate -update
