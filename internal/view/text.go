package view

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mitchellh/go-wordwrap"
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

// quotedCode is a command or a piece of the language inside prose: `kmsplan state rm key.old`.
var quotedCode = regexp.MustCompile("`[^`\n]{1,60}`")

// noBreak stands for a space at which no line is broken.
const noBreak = "\u00a0"

// wrap breaks prose at width, keeping lines that are indented (commands, code) and what stands in backquotes as they are:
// who copies a command wants it in one piece.
func wrap(s string, width int) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, " ") {
			line = quotedCode.ReplaceAllStringFunc(line, func(code string) string { return strings.ReplaceAll(code, " ", noBreak) })
			lines[i] = strings.ReplaceAll(wordwrap.WrapString(line, uint(max(width, 20))), noBreak, " ")
		}
	}
	return strings.Join(lines, "\n")
}

// plural renders a count with its noun: 1 file, 2 files.
func plural(n int, noun string) string {
	if n == 1 {
		return itoa(n) + " " + noun
	}
	return itoa(n) + " " + noun + "s"
}
