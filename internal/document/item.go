package document

import (
	"bytes"
	"fmt"
	"slices"
)

// Kind is what an item of a document is.
type Kind string

// The kinds of items. Their names go into the document's MAC.
const (
	Value   Kind = "value"   // a scalar
	Empty   Kind = "empty"   // a list or map without elements; its type says which
	Comment Kind = "comment" // its text, from the character that begins it, without white space at its end
	Mark    Kind = "mark"    // what else means something: an anchor, an explicit tag, a directive, the begin of a document
)

// Item is one thing that a document says. A document's items in their order are its meaning: what they leave out
// (white space, quoting, indentation) may change unnoticed.
type Item struct {
	Kind Kind
	Path Path   // where it stands; comments and marks may have none
	Type string // of a value: text, plain, alias or expr; of others what the format says
	Text string // a value as a reader of the format gets it, a comment's text, a mark's
	Note string // a comment inside the bytes of a value

	Start, End int  // the bytes of a value in the file, quotes included
	Fixed      bool // a value that is never sealed: null, an alias, an expression
}

// The types of values. What a plain one means (a number, a truth value, a date, a text) its letters decide, by the
// rules of the format.
const (
	text  = "text"  // in quotes, or of a format whose every value is a text
	plain = "plain" // not in quotes
	alias = "alias" // of an anchor, which Text names
	expr  = "expr"  // an expression, as it stands
)

// room is for the items of a file that has about so many in a line. Growing step by step would take twice as much.
func room(src []byte, inLine int) []Item {
	return make([]Item, 0, min(inLine*bytes.Count(src, []byte("\n")), len(src)/16)+16)
}

// appendTo writes an item for the document's MAC.
func (i Item) appendTo(b []byte, sealed bool) []byte {
	kind := string(i.Kind)
	if sealed {
		kind = "sealed"
	}
	b = appendField(b, kind)
	b = appendField(b, i.Type)
	b = appendField(b, i.Text)
	b = appendField(b, i.Note)
	return i.Path.appendTo(b, true)
}

// same reports whether both say the same in the same place, wherever in the file they stand.
func (i Item) same(j Item) bool {
	return i.Kind == j.Kind && i.Type == j.Type && i.Text == j.Text && i.Note == j.Note && samePath(i.Path, j.Path)
}

func samePath(p, q Path) bool {
	return slices.Equal(p, q)
}

// Refusal says where a file cannot be sealed value by value, and why.
type Refusal struct {
	Line, Column int // from 1; 0 = the file as a whole
	Why          string

	of error // what a caller decides on; nil = nothing
}

func (r *Refusal) Unwrap() error { return r.of }

func (r *Refusal) Error() string {
	if r.Line == 0 {
		return r.Why
	}
	return fmt.Sprintf("line %d, column %d: %s", r.Line, r.Column, r.Why)
}

// refuse is a Refusal at a byte of src.
func refuse(src []byte, at int, format string, args ...any) *Refusal {
	line, column := position(src, at)
	return &Refusal{Line: line, Column: column, Why: fmt.Sprintf(format, args...)}
}

// position is the line and the column of a byte, from 1.
func position(src []byte, at int) (line, column int) {
	line, column = 1, 1
	for _, c := range src[:min(at, len(src))] {
		if column++; c == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

// names are those of one map so far.
type names map[string]bool

// again is the mark before a name that its map has already. Without it a map could be torn into two of one name, and
// a reader that takes the last one would miss what is in the first.
func (n names) again(name string, p Path) []Item {
	if n[name] {
		return []Item{{Kind: Mark, Type: "again", Text: name, Path: p}}
	}
	n[name] = true
	return nil
}
