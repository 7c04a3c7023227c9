// Package keys is the data keys of one run: made under a KMS key and proved before anything is sealed with
// them, shared by as many files as their scope allows, opened once however many files they serve, and wrapped
// anew when a key rotates.
//
// It may import envelope and kms. Start reading at Keys; scope.go says how many files a data key serves,
// proof.go what is demanded of a fresh wrap.
package keys
