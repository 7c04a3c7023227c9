package view

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// escapes are the ANSI sequences that take no column.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// lead is what a folded line goes on below: its indentation, the rule of a frame, and the sign of a comment.
var lead = regexp.MustCompile("^(?:\x1b\\[[0-9;]*m)*│?(?:\x1b\\[[0-9;]*m)*[ ]*(?:#[ ])?")

// fold breaks every line that is wider than a narrow terminal at its spaces. What goes on stands deeper, and behind a # it is
// a comment still. Words, and commands in backquotes, stay whole. Where there are the usual columns lines stay
// as they are: pipelines look for sentences.
func fold(text string, width int) string {
	if width < narrowest || width >= defaultWidth {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if columns(line) > width {
			lines[i] = foldLine(line, width)
		}
	}
	return strings.Join(lines, "\n")
}

func foldLine(line string, width int) string {
	head := lead.FindString(line)
	body := quotedCode.ReplaceAllStringFunc(line[len(head):], func(code string) string { return strings.ReplaceAll(code, " ", noBreak) })
	var out []string
	at := head
	for i, word := range strings.FieldsFunc(body, func(r rune) bool { return r == ' ' }) {
		switch {
		case i == 0:
			at += word
		case columns(at)+1+columns(word) <= width:
			at += " " + word
		default:
			out = append(out, at)
			at = head + "  " + word
		}
	}
	return strings.ReplaceAll(strings.Join(append(out, at), "\n"), noBreak, " ")
}

// columns counts what is seen of a line.
func columns(line string) int { return utf8.RuneCountInString(escapes.ReplaceAllString(line, "")) }
