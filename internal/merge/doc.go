// Package merge merges two versions of a text into one, by the version both come from: line by line, and where lines
// are too coarse, value by value of a configuration file. It knows plaintext only and does no I/O.
//
// It may import document, for the places of values. Start reading at Lines; values.go is the merge by values.
package merge
