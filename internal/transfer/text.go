package transfer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"slices"
)

// text is a file's content with its places.
type text struct {
	content []byte
	ends    []int             // of lines; nil = not looked for
	cells   map[[2]int]string // of CSV, their headings by line and byte in it, both from 1; nil = not read
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
	if t.cells == nil {
		t.cells = cellsOf(t.content)
	}
	line, inLine := t.line(at), at-bytes.LastIndexByte(t.content[:at], '\n')
	heading, ok := t.cells[[2]int{line, inLine}]
	if !ok {
		heading, ok = t.cells[[2]int{line, inLine - 1}] // behind a quote
	}
	return ok && heading == column
}

// cellsOf are the cells of CSV, as far as it is CSV.
func cellsOf(content []byte) map[[2]int]string {
	cells := map[[2]int]string{}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	heading, err := r.Read()
	for err == nil {
		var record []string
		if record, err = r.Read(); err != nil {
			break
		}
		for i := range min(len(record), len(heading)) {
			line, column := r.FieldPos(i)
			cells[[2]int{line, column}] = heading[i]
		}
	}
	return cells
}
