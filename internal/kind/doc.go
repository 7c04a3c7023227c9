// Package kind holds the language's block types as data: one table per kind
// drives decoding, type checking, validation, suggestions, diffing, removal, drift and
// the reference documentation. A fact about a kind stands here and nowhere else. It is pure: no network, no files.
//
// An attribute is one row. A kind is one file here, with a row in kinds.go, one in package plan (planning) and
// one in package resource (reader). One file per kind (key.go, alias.go …), one per family of checks (duration.go,
// names.go, policy.go, tags.go, paths.go). It imports go-cty and nothing of ours.
// Start reading at Kind, then key.go.
package kind
