package envelope

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

const (
	maxStanzas  = 20   // in one header, the three of the format included
	maxLine     = 8192 // bytes, without the line feed
	columns     = 64   // base64 characters in a full body line
	columnBytes = columns / 4 * 3
)

// b64 is base64 as age writes it: standard alphabet, no padding, one encoding
// for each value.
var b64 = base64.RawStdEncoding.Strict()

// Stanza is one section of a header, in age's grammar. Its type and arguments
// are printable ASCII without spaces.
type Stanza struct {
	Type string
	Args []string
	Body []byte
}

// Equal reports whether both would be written alike.
func (s *Stanza) Equal(t *Stanza) bool {
	return s.Type == t.Type && slices.Equal(s.Args, t.Args) && bytes.Equal(s.Body, t.Body)
}

// append writes the stanza: its opening line, then its body in lines of 64
// characters of which the last is shorter and may be empty.
func (s *Stanza) append(text []byte) ([]byte, error) {
	opening := "-> " + strings.Join(append([]string{s.Type}, s.Args...), " ")
	if len(opening) > maxLine {
		return nil, fmt.Errorf("%s stanza: its arguments exceed %d bytes", s.Type, maxLine)
	}
	for _, arg := range append([]string{s.Type}, s.Args...) {
		if !visible(arg) {
			return nil, fmt.Errorf("%s stanza: the argument %q is not printable ASCII without spaces", s.Type, arg)
		}
	}
	text = append(text, opening...)
	text = append(text, '\n')
	body := b64.EncodeToString(s.Body)
	for len(body) >= columns {
		text = append(append(text, body[:columns]...), '\n')
		body = body[columns:]
	}
	return append(append(text, body...), '\n'), nil
}

// lines reads a header's text line by line, strictly.
type lines struct {
	text   []byte
	number int // of the line last read, from 1
}

func (l *lines) next() (string, error) {
	l.number++
	end := bytes.IndexByte(l.text[:min(len(l.text), maxLine+1)], '\n')
	if end < 0 {
		return "", l.errorf("too long, or without a line feed")
	}
	line := string(l.text[:end])
	l.text = l.text[end+1:]
	return line, nil
}

func (l *lines) errorf(format string, args ...any) error {
	return &CorruptError{What: fmt.Sprintf("header line %d (%s)", l.number, fmt.Sprintf(format, args...))}
}

// stanza reads one stanza whose opening line comes next.
func (l *lines) stanza() (*Stanza, error) {
	line, err := l.next()
	if err != nil {
		return nil, err
	}
	words := strings.Split(line, " ")
	if words[0] != "->" || len(words) < 2 {
		return nil, l.errorf("no stanza begins here")
	}
	for _, word := range words[1:] {
		if !visible(word) {
			return nil, l.errorf("arguments must be printable ASCII, one space apart")
		}
	}
	body, err := l.body()
	if err != nil {
		return nil, err
	}
	return &Stanza{Type: words[1], Args: words[2:], Body: body}, nil
}

func (l *lines) body() ([]byte, error) {
	var body []byte
	for {
		line, err := l.next()
		if err != nil {
			return nil, err
		}
		if len(line) > columns || strings.ContainsAny(line, "\r\n") {
			return nil, l.errorf("body lines have at most %d characters", columns)
		}
		if body, err = b64.AppendDecode(body, []byte(line)); err != nil {
			return nil, l.errorf("not base64")
		}
		if len(line) < columns {
			return body, nil
		}
	}
}

// visible reports whether s is one argument: not empty, bytes 33 to 126 only.
func visible(s string) bool {
	for _, c := range []byte(s) {
		if c < 33 || c > 126 {
			return false
		}
	}
	return s != ""
}
