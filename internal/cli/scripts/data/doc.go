// Package data is what scripts show of what is done to data, files, documents, git, batches, transfers and the census, and of what
// belongs to no side: the emulator, calls by hand, completion, words.
//
// It has nothing but its test; each file below testdata is a script for package clitest. See declare for keys and secrets.
package data
