package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// neutral replaces control characters of remote text (descriptions, messages of the
// service) by their pictures, so that no one can paint on the user's terminal.
func neutral(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20:
			return 0x2400 + r
		case r == 0x7f:
			return 0x2421
		case unicode.Is(unicode.Cf, r) || r >= 0x80 && r < 0xa0:
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// inert writes what a terminal would obey, where JSON carries it as it is, in JSON's own escapes: the
// value stays the same for whoever reads the document.
func inert(doc []byte) []byte {
	var out []byte
	for i, r := range string(doc) {
		if r != 0x7f && (r < 0x80 || r >= 0xa0) && !unicode.Is(unicode.Cf, r) {
			if out != nil {
				out = utf8.AppendRune(out, r)
			}
			continue
		}
		if out == nil {
			out = append(out, doc[:i]...)
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			out = fmt.Appendf(out, "\\u%04x", unit)
		}
	}
	if out == nil {
		return doc
	}
	return out
}

// plural renders a count with its noun: 1 file, 2 files.
func plural(n int, noun string) string {
	if n == 1 {
		return itoa(n) + " " + noun
	}
	return itoa(n) + " " + noun + "s"
}
