package transfer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
)

// row is what a ciphertext in a file is opened by. ok is false where the manifest is about other columns of the file. An
// error says that the ciphertext stands in no row that has the columns of its context.
func (j *Job) row(path string, in *text, b Blob) (row Row, ok bool, err error) {
	row, ok = j.named(path, in, b)
	if !ok || b.message != nil { // which has its context with it
		return row, ok, nil
	}
	bound := maps.Clone(row.Context)
	for _, name := range slices.Sorted(maps.Keys(row.Columns)) {
		value, there := in.beside(b.Start, row.Columns[name])
		if !there {
			return row, true, fmt.Errorf("the context's %s comes from column %q, which its row does not have", name, row.Columns[name])
		}
		if bound == nil {
			bound = map[string]string{}
		}
		bound[name] = value
	}
	row.Context = bound
	return row, true, nil
}

func (j *Job) named(path string, in *text, b Blob) (row Row, ok bool) {
	named := false
	for _, row := range j.Rows {
		if filepath.Clean(row.Path) != filepath.Clean(path) {
			continue
		}
		named = true
		if row.Column == "" || in.inColumn(b.Start, row.Column) {
			return row, true
		}
	}
	return Row{Context: j.Context, Columns: j.Columns, Digest: j.Digest}, !named
}

// beside is the value of another column of the row that a place is in: of a line of CSV, or of the object of JSON around
// it, or else the one around that.
func (t *text) beside(at int, column string) (string, bool) {
	if t.objects == nil {
		t.objects = objectsOf(t.content)
	}
	i, _ := slices.BinarySearchFunc(t.objects, at, func(o object, at int) int { return o.start - at })
	for i--; i >= 0; i = t.objects[i].around {
		if value, ok := t.objects[i].members[column]; ok && at < t.objects[i].end {
			return value, true
		}
	}
	if len(t.objects) > 0 {
		return "", false
	}
	c, ok := t.cell(at)
	if !ok {
		return "", false
	}
	value, ok := t.records[c.record][column]
	return value, ok
}

// object is one of JSON.
type object struct {
	start, end int // bytes; end is behind it
	around     int // the object that it is in, by index; -1 = none
	members    map[string]string
}

// objectsOf are the objects of JSON, or of JSON a line each, by where they start; none where it is something else. Texts,
// numbers and booleans are members; null is none.
func objectsOf(content []byte) []object {
	all, in := []object{}, []int{-1} // in: the objects, and with -1 the lists, around a token
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	name, named := "", false
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		innermost := in[len(in)-1]
		switch v := token.(type) {
		case json.Delim:
			named = false
			switch v {
			case '{':
				all = append(all, object{start: int(d.InputOffset()) - 1, end: len(content), around: around(in), members: map[string]string{}})
				in = append(in, len(all)-1)
			case '[':
				in = append(in, -1)
			default:
				if innermost >= 0 {
					all[innermost].end = int(d.InputOffset())
				}
				in = in[:len(in)-1]
			}
			continue
		case string:
			if innermost >= 0 && !named {
				name, named = v, true
				continue
			}
		}
		if innermost >= 0 {
			if value, ok := scalar(token); ok {
				all[innermost].members[name] = value
			}
			named = false
		}
	}
	return all
}

// around is the innermost object of those that are open.
func around(in []int) int {
	for i := len(in) - 1; i >= 0; i-- {
		if in[i] >= 0 {
			return in[i]
		}
	}
	return -1
}

func scalar(token json.Token) (string, bool) {
	switch v := token.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// cell is one of CSV.
type cell struct {
	heading string
	record  int
}

// cell is the one at a place, or whose text begins behind the quote there.
func (t *text) cell(at int) (cell, bool) {
	if t.cells == nil {
		t.readCSV()
	}
	line, inLine := t.line(at), at-bytes.LastIndexByte(t.content[:at], '\n')
	c, ok := t.cells[[2]int{line, inLine}]
	if !ok {
		c, ok = t.cells[[2]int{line, inLine - 1}]
	}
	return c, ok
}

// readCSV reads the content as CSV, as far as it is: with commas, or with the semicolons or tabs that its heading has.
func (t *text) readCSV() {
	t.cells = map[[2]int]cell{}
	content, marked := bytes.CutPrefix(t.content, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	first, _, _ := bytes.Cut(content, []byte("\n"))
	for _, comma := range ";\t" {
		if !bytes.ContainsRune(first, ',') && bytes.ContainsRune(first, comma) {
			r.Comma = comma
		}
	}
	heading, err := r.Read()
	for err == nil {
		var record []string
		if record, err = r.Read(); err != nil {
			break
		}
		values := map[string]string{}
		for i := range min(len(record), len(heading)) {
			line, column := r.FieldPos(i)
			if marked && line == 1 {
				column += len("\ufeff")
			}
			t.cells[[2]int{line, column}] = cell{heading[i], len(t.records)}
			values[heading[i]] = record[i]
		}
		t.records = append(t.records, values)
	}
}
