// Package lint holds the KP rules: what a configuration may say and should not. Each rule is one row of a table, with a
// stable id, a severity, why it is there, what to write instead, and where its fact stands; the documentation, the
// command's help and every report derive from the row.
//
// A rule looks at a checked configuration, some also at what a state or a saved plan has recorded, a few at the modes of
// files and at git's ignore files. Nothing is called and nothing is written. Run returns a Report; it prints nothing.
//
// It imports hcl, kind, suggest, addr and the libraries of values. Start reading at Rule, then Run; a family of rules is one file,
// rules_FAMILY.go. A rule needs its row, a file testdata/rules/ID.txtar with a module that breaks it and one that does
// not, and go generate.
package lint

// docs/lint.md is made from the table; a test compares.
//
//go:generate go test . -run TestTheDocumentation -update
