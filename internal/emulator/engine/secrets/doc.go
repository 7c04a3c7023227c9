// Package secrets holds the operations on secrets: creation, versions and their
// stages, deletion and recovery, and the rotation of managed secrets, which makes new
// values and touches nothing outside.
//
// It may import core, keys (for policies), crypto (for the instance gateway's words),
// store and undocumented. Start reading at operations.go, then create.go and put.go.
package secrets
