// Package keys holds the operations on keys and what belongs to them: creation and
// deletion, states, aliases, versions, automatic rotation, imported material, tags
// (of secrets too) and resource policies.
//
// It may import core, access (for the deletion protection of instances), crypt,
// store and undocumented. Start reading at operations.go, then key.go and create.go.
package keys
