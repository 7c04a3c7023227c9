// Package draft writes configuration for what lives already: blocks for live objects and for the objects of another
// tool's state, with the import blocks that take them up. What it writes says what there is and nothing else: applied,
// it changes nothing.
//
// A Block is written by File.Source, with values that come back byte for byte; a value that the language cannot have is
// left out, and a comment says so. It reads nothing and calls nothing: live objects come in as the planner has them.
//
// It imports plan, hcl, kind and addr. Start reading at Draw in live.go, then Block in block.go.
package draft
