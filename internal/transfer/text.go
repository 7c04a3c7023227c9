package transfer

import (
	"encoding/json"
	"regexp"
	"slices"
)

// text is a file's content with its places.
type text struct {
	content []byte
	ends    []int               // of lines; nil = not looked for
	cells   map[[2]int]cell     // of CSV, by line and byte in it, both from 1; nil = not read
	records []map[string]string // of CSV, by heading
	objects []object            // of JSON; nil = not read
}

// line is the line of a place, from 1.
func (t *text) line(at int) int {
	if t.ends == nil {
		t.ends = []int{}
		for i, c := range t.content {
			if c == '\n' {
				t.ends = append(t.ends, i)
			}
		}
	}
	i, _ := slices.BinarySearch(t.ends, at)
	return i + 1
}

// inColumn reports whether a place is in a member of JSON of that name, or in a cell of CSV below that heading.
func (t *text) inColumn(at int, column string) bool {
	if name, err := json.Marshal(column); err == nil {
		before := t.content[max(0, at-len(name)-64):at]
		if regexp.MustCompile(regexp.QuoteMeta(string(name)) + `\s*:\s*"$`).Match(before) {
			return true
		}
	}
	c, ok := t.cell(at)
	return ok && c.heading == column
}
