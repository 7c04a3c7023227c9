// Package census knows which encrypted files a stack answers for, by key, key version and context: those of its data blocks, and
// those that others made and import-census took up. It holds what the state has of them against the files themselves, by
// their headers: nothing is called, and nothing is proved.
//
// Read look.go first; find.go searches directories, take.go takes files up, drill.go opens a sample without KMS. Of ours it
// imports ops and state.
package census
