// Package document seals the values of a configuration file one by one: names, order, comments and everything else
// stay as they are, and readable. The file is never re-emitted: a parser finds the place of a value, its bytes are
// exchanged, and the result is parsed again and must differ in exactly the values meant. Opening it gives back the
// original, byte for byte. docs/envelope-format.md, "Documents", is normative.
//
// It may import envelope, for suites, contexts and recipients, and suggest, and does no I/O. Start reading at Format, which is
// all that a kind of file has to say, and at Seal; header.go is what a document says of itself, crypt.go how values
// and the whole are bound, put.go and drop.go how a single value is exchanged or taken out.
package document
