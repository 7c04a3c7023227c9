package view

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// escapes are the ANSI sequences that take no column.
var escapes = pattern.New("\x1b\\[[0-9;]*m")

// columns counts the columns that a line takes on a terminal.
func columns(line string) (n int) {
	for _, r := range escapes.ReplaceAllString(line, "") {
		n += breadth(r)
	}
	return n
}

const (
	variationSelector = 0xfe0f // makes the sign before it an emoji, which is wide
	tabStop           = 8      // the most that a tab takes
)

// breadth is how many columns a letter takes: two where it is wide, as those of Chinese and emoji are (Unicode Standard
// Annex 11), none where it joins the letter before it.
func breadth(r rune) int {
	switch {
	case r == '\t':
		return tabStop
	case r < 0x300 || r == variationSelector:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case isWide(r):
		return 2
	}
	return 1
}

func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// wideHead is as much of a word as fits into the room and may stand at the end of a line: scripts without spaces are broken between
// their letters, but never before what closes nor behind what opens. It is "" where nothing does, and for what is
// in one piece.
func wideHead(word string, room int) string {
	if onePiece.MatchString(word) {
		return ""
	}
	end, taken, before, escape := 0, 0, rune(0), false
	for i, r := range word {
		if escape || r == '\x1b' {
			escape = r != 'm'
			continue
		}
		if i > 0 && taken <= room && (isWide(before) || isWide(r)) && breadth(r) > 0 && !opens(before) && !closes(r) {
			end = i
		}
		if taken += breadth(r); taken > room {
			break
		}
		before = r
	}
	return word[:end]
}

func opens(r rune) bool { return unicode.In(r, unicode.Ps, unicode.Pi) }

func closes(r rune) bool {
	return unicode.In(r, unicode.Pe, unicode.Pf, unicode.Po) || r == variationSelector
}

// cut keeps a line inside the terminal, so that it can be drawn over.
func cut(text string, room int) string {
	if room <= 1 || columns(text) <= room {
		return text
	}
	taken := 1 // of what says that there is more
	for i, r := range text {
		if taken += breadth(r); taken > room {
			return text[:i] + "…"
		}
	}
	return text
}

// pad fills a name with spaces up to a number of columns.
func pad(name string, to int) string {
	return name + strings.Repeat(" ", max(to-columns(name), 0))
}

// broadest is the width of the widest of some names, in columns.
func broadest[V any](names map[string]V) (n int) {
	for name := range names {
		n = max(n, columns(name))
	}
	return n
}
