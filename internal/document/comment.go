package document

import (
	"bytes"
	"strings"
)

// asComments attaches a header as comment lines at the end of the file. The format embeds it.
type asComments struct{ prefix string } // such as "# "

// Attach writes the header with the line endings of the file. A file whose last line does not end keeps that: then
// the header's last line does not end either.
func (c asComments) Attach(src []byte, lines []string) ([]byte, error) {
	eol := lineEnding(src)
	open := len(src) > 0 && src[len(src)-1] != '\n'
	size := len(src) + 2
	for _, line := range lines {
		size += len(c.prefix) + len(line) + 2
	}
	out := append(make([]byte, 0, size), src...)
	if open {
		out = append(out, eol...)
	}
	for i, line := range lines {
		out = append(out, c.prefix+line...)
		if !open || i < len(lines)-1 {
			out = append(out, eol...)
		}
	}
	return out, nil
}

// Detach finds the header wherever it stands, so that what somebody added after it is seen by the document's MAC.
func (c asComments) Detach(src []byte) ([]byte, []string, error) {
	var lines []string
	start, end := -1, -1
	for at := 0; at < len(src); {
		next := bytes.IndexByte(src[at:], '\n') + 1
		if next == 0 {
			next = len(src) - at
		}
		line, is := c.line(src[at : at+next])
		switch {
		case is && strings.HasPrefix(line, magic+" "):
			if start >= 0 {
				return nil, nil, errTwoHeaders
			}
			start = at
			lines = append(lines, line)
		case start >= 0 && end < 0:
			if !is {
				return nil, nil, &Refusal{Why: "the header at the end of this file is not whole: take the file from version control again"}
			}
			lines = append(lines, line)
			if strings.HasPrefix(line, macLine) {
				end = at + next
			}
		}
		at += next
	}
	switch {
	case start < 0:
		return src, nil, nil
	case end < 0:
		return nil, nil, &Refusal{Why: "the header at the end of this file is not whole: take the file from version control again"}
	}
	before := src[:start]
	if end == len(src) && src[end-1] != '\n' {
		before = bytes.TrimSuffix(bytes.TrimSuffix(before, []byte("\n")), []byte("\r"))
	}
	if end == len(src) {
		return before[:len(before):len(before)], lines, nil
	}
	return append(bytes.Clone(before), src[end:]...), lines, nil
}

var errTwoHeaders = &Refusal{Why: "there are two headers in this file, as after a merge of two documents: keep the whole of one side, or merge with kmsplan git"}

// line is a comment line without what makes it one. White space around it is nobody's.
func (c asComments) line(raw []byte) (string, bool) {
	return strings.CutPrefix(strings.TrimSpace(string(raw)), strings.TrimSpace(c.prefix)+" ")
}

// lineEnding is that of the file's first line, and LF where there is none.
func lineEnding(src []byte) string {
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
