// Package kind holds the language's block types as data: one table per kind
// drives decoding, type checking, validation, suggestions, diffing and the
// reference documentation. It is pure: no network, no files.
//
// One file per kind (key.go, alias.go …), one per family of rules (duration.go,
// names.go, policy.go, tags.go, paths.go). It imports go-cty and nothing of ours.
// Start reading at Kind, then key.go.
package kind
