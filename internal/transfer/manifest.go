package transfer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Row is a line of a manifest: where ciphertexts are, and what opens them.
type Row struct {
	Path    string            // as the manifest has it
	Column  string            // of CSV its heading, of JSON the name of the member; "" = anywhere in the file
	Context map[string]string // nil = none
	Columns map[string]string // further pairs of the context: their names, and the columns of the row that have the values
	Digest  string            // a Digest…
}

// Manifest is a list of rows, as CSV with a heading or as JSON: a list of objects, or one object a line. Their names
// are path, column, context, context_columns and digest.
func Manifest(content []byte) ([]Row, error) {
	var rows []Row
	add := func(where string, m map[string]json.RawMessage) error {
		row, err := rowOf(m)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		rows = append(rows, row)
		return nil
	}
	trimmed := bytes.TrimSpace(content)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("it is empty")
	case trimmed[0] == '[':
		var list []map[string]json.RawMessage
		if err := json.Unmarshal(trimmed, &list); err != nil {
			return nil, fmt.Errorf("it is not a list of objects: %w", err)
		}
		for i, m := range list {
			if err := add(fmt.Sprintf("entry %d", i+1), m); err != nil {
				return nil, err
			}
		}
	case trimmed[0] == '{':
		decoder := json.NewDecoder(bytes.NewReader(trimmed))
		for i := 1; ; i++ {
			var m map[string]json.RawMessage
			err := decoder.Decode(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", i, err)
			}
			if err := add(fmt.Sprintf("entry %d", i), m); err != nil {
				return nil, err
			}
		}
	default:
		records, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		if err != nil {
			return nil, err
		}
		for i, record := range records[1:] {
			m := map[string]json.RawMessage{}
			for c, name := range records[0] {
				m[strings.TrimSpace(name)], _ = json.Marshal(record[c])
			}
			if err := add(fmt.Sprintf("line %d", i+2), m); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

func rowOf(m map[string]json.RawMessage) (row Row, err error) {
	text := func(name string) (s string) {
		raw, ok := m[name]
		if ok && json.Unmarshal(raw, &s) != nil {
			s = string(raw) // an object, of a context
		}
		delete(m, name)
		return s
	}
	row = Row{Path: text("path"), Column: text("column")}
	if row.Context, err = parseContext(text("context")); err != nil {
		return row, err
	}
	if row.Columns, err = parseContext(text("context_columns")); err != nil {
		return row, fmt.Errorf("context_columns, which is NAME=COLUMN: %w", err)
	}
	for name, column := range row.Columns {
		if _, twice := row.Context[name]; twice || column == "" {
			return row, fmt.Errorf("context_columns %s=%s: name a column, and each pair of the context once", name, column)
		}
	}
	row.Digest = text("digest")
	switch row.Digest {
	case DigestAuto, DigestRaw, DigestHex:
	default:
		return row, fmt.Errorf("the digest is raw, hex or left out, not %q", row.Digest)
	}
	if row.Path == "" {
		return row, errors.New("it has no path")
	}
	for name := range m {
		return row, fmt.Errorf("%q is none of path, column, context, context_columns and digest", name)
	}
	return row, nil
}
