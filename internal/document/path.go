package document

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Step is one step of a path: a name, or a place in a list.
type Step struct {
	Name  string
	Index int  // from 0, of a list
	List  bool // Index counts, not Name
}

// Name is a step to a member.
func Name(name string) Step { return Step{Name: name} }

// Index is a step to an element of a list.
func Index(i int) Step { return Step{Index: i, List: true} }

// Path is where a value stands, from the top of the file.
type Path []Step

// With is the path one step further. It shares nothing with p that a further With could overwrite.
func (p Path) With(s Step) Path { return append(p[:len(p):len(p)], s) }

// String is the path for people: database.hosts[0]."odd name".
func (p Path) String() string {
	var b strings.Builder
	for _, s := range p {
		switch {
		case s.List:
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		if plainName(s.Name) {
			b.WriteString(s.Name)
		} else {
			b.WriteString(strconv.Quote(s.Name))
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for _, c := range s {
		if c <= ' ' || strings.ContainsRune(`."[]`, c) {
			return false
		}
	}
	return s != ""
}

// appendTo writes the path for a digest: the number of its steps, then each step. Without indices every place in a
// list is the same one, so that a value may keep its ciphertext when one is inserted before it; its order is the
// document's MAC's to prove.
func (p Path) appendTo(b []byte, indices bool) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
	for _, s := range p {
		switch {
		case !s.List:
			b = appendField(b, "n"+s.Name)
		case indices:
			b = appendField(b, "i"+strconv.Itoa(s.Index))
		default:
			b = appendField(b, "i")
		}
	}
	return b
}

// appendField writes s after its length in 8 bytes.
func appendField(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}
