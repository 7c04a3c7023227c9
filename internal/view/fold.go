package view

import (
	"io"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// folded is the writer that everything for people goes through: it breaks what is wider than a narrow terminal. Each Write is
// whole lines, or a question that the answer stands behind.
type folded struct {
	to    io.Writer
	width int
}

// Write implements io.Writer.
func (f folded) Write(p []byte) (int, error) {
	if _, err := io.WriteString(f.to, fold(string(p), f.width)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// lead is what a folded line goes on below: its indentation, the rule of a frame, and the sign of a comment.
var lead = pattern.New("^(?:\x1b\\[[0-9;]*m)*│?(?:\x1b\\[[0-9;]*m)*[ ]*(?:#[ ]+)?")

// onePiece is what no line is broken in: a command or a piece of the language in backquotes, the key of an address
// (key.a["two words"]), and a command that a line ends with.
var onePiece = pattern.New("`[^`\n]{1,160}`" + `|\["(?:[^"\\\n]|\\.)*"\]` + `|: (?:kmsplan|eval) [^\n]*[^.:?\n]$`)

// ownLine is a command that an indented line is for.
var ownLine = pattern.New(`^(?:kmsplan|export) .*[^.:?]$`)

// noBreak stands for a space at which no line is broken. Nothing that is printed has it: neutral sees to that.
const noBreak = "\x1f"

// keepWhole puts noBreak into what no line is broken in.
func keepWhole(line string) string {
	return onePiece.ReplaceAllStringFunc(line, func(piece string) string {
		if command, ok := strings.CutPrefix(piece, ": "); ok {
			return ": " + strings.ReplaceAll(command, " ", noBreak)
		}
		return strings.ReplaceAll(piece, " ", noBreak)
	})
}

// fold breaks every line that is wider than a narrow terminal at its spaces. What goes on stands deeper, and behind a # it is
// a comment still. Words and what is onePiece stay whole. Where there are the usual columns lines stay
// as they are: pipelines look for sentences.
func fold(text string, width int) string {
	if width < narrowest || width >= defaultWidth {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if columns(line) > width && !(strings.HasPrefix(line, "  ") && ownLine.MatchString(strings.TrimLeft(line, " "))) {
			head := lead.FindString(line)
			lines[i] = breakLine(head, head+"  ", line[len(head):], width)
		}
	}
	return strings.Join(lines, "\n")
}

// wrap breaks prose at width, keeping lines that are indented (commands, code) and what is onePiece as they are:
// who copies a command wants it in one piece.
func wrap(s string, width int) string {
	width = max(width, narrowest)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, " ") && columns(line) > width {
			lines[i] = breakLine("", "", line, width)
		}
	}
	return strings.Join(lines, "\n")
}

// breakLine breaks a line's body at its spaces: head stands before the first part, under before the others.
func breakLine(head, under, body string, width int) string {
	var out []string
	at, blank := head, true
	for _, word := range strings.FieldsFunc(keepWhole(body), func(r rune) bool { return r == ' ' }) {
		if !blank && columns(at)+1+columns(word) <= width {
			at += " " + word
			continue
		}
		if !blank {
			out, at = append(out, at), under
		}
		for columns(at)+columns(word) > width {
			part := wideHead(word, width-columns(at))
			if part == "" {
				break
			}
			out, at, word = append(out, at+part), under, word[len(part):]
		}
		at, blank = at+word, false
	}
	return strings.ReplaceAll(strings.Join(append(out, at), "\n"), noBreak, " ")
}
