package document

import (
	"bytes"
	"strings"
)

// textLine is one line of a file that is read line by line: its bytes, without the line's end and white space at it.
type textLine struct {
	start int // of the line
	at    int // of the first byte that is no white space
	end   int // behind the last such
	next  int // where the next line starts
}

func (l textLine) empty() bool { return l.at == l.end }

// indent is how far the line's text is from the line's start.
func (l textLine) indent() int { return l.at - l.start }

// lineAt is the line that starts at a place.
func lineAt(src []byte, start int) textLine {
	l := textLine{start: start, end: lineEnd(src, start), next: len(src)}
	if i := bytes.IndexByte(src[start:], '\n'); i >= 0 {
		l.next = start + i + 1
	}
	l.at = skipBlanks(src, start, l.end)
	for l.end > l.at && blank(src[l.end-1]) {
		l.end--
	}
	return l
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// skipBlanks is the first place from at on, up to end, that is no blank.
func skipBlanks(src []byte, at, end int) int {
	for at < end && blank(src[at]) {
		at++
	}
	return at
}

// firstLine is where the text of a file starts.
func firstLine(src []byte) int {
	if bytes.HasPrefix(src, bom) {
		return len(bom)
	}
	return 0
}

// refuseLoneReturns refuses a carriage return that ends no line: some readers end one there.
func refuseLoneReturns(src []byte) error {
	for at := 0; ; at++ {
		i := bytes.IndexByte(src[at:], '\r')
		if i < 0 {
			return nil
		}
		if at += i; at+1 >= len(src) || src[at+1] != '\n' {
			return refuse(src, at, "a carriage return without a line feed, which ends a line for some programs only")
		}
	}
}

// commentItem is a comment from at to end.
func commentItem(src []byte, at, end int) Item {
	return Item{Kind: Comment, Text: strings.TrimRight(string(src[at:end]), " \t\r")}
}
