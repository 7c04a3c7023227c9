package usage

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// Bounds of a log, bytes.
const (
	maxRecord = 8 << 20
	maxLog    = 64 << 30
	// compactAt is how many uses are gathered before the latest are picked.
	compactAt = 50_000
)

// Reader reads logs one after the other.
type Reader struct {
	Now     time.Time
	Known   func(key string) bool                   // nil = every key counts
	Resolve func(alias string) (id string, ok bool) // alias/NAME to a key; nil = none is known
	Name    string                                  // of the log that is read next

	Report
	line int // where the record begins that is looked at
}

// Place is a line of a log, from 1; of what is compressed, as it is without that.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Report is what was read.
type Report struct {
	Uses    []state.Use
	Records int
	Skipped map[string]int   // why, and how many
	At      map[string]Place // why, and the first of them
	First   time.Time        // of the records that count
	Last    time.Time
}

// Read reads one log. A record that says nothing of a key is skipped and counted; a file that is no log is an error.
func (r *Reader) Read(log io.Reader) error {
	in := bufio.NewReader(log)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("it is compressed, and damaged: %w", err)
		}
		in = bufio.NewReader(unzipped)
	}
	if r.Skipped == nil {
		r.Skipped, r.At = map[string]int{}, map[string]Place{}
	}
	first, before, err := firstByte(in)
	limited := &metered{r: in, total: maxLog, line: 1 + before}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	case first == '[':
		err = r.readList(limited)
	case first == '{':
		err = r.readStream(limited)
	default:
		err = r.readCSV(limited)
	}
	r.compact()
	return err
}

// firstByte looks over white space and a byte order mark, and counts the lines that end there.
func firstByte(in *bufio.Reader) (first byte, lines int, err error) {
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, lines, err
		}
		if !strings.ContainsRune(" \t\r\n", rune(b)) {
			return b, lines, in.UnreadByte()
		}
		if b == '\n' {
			lines++
		}
	}
}

// metered bounds what is read for one record, and altogether, and knows the lines of it.
type metered struct {
	r             io.Reader
	record, total int64

	at   int64   // read so far
	ends []int64 // of lines that are read, and whose records are not looked at yet
	line int     // before the first of them
}

// lineAt is the line of a byte; bytes are asked for in their order.
func (m *metered) lineAt(at int64) int {
	n := 0
	for n < len(m.ends) && m.ends[n] < at {
		n++
	}
	m.ends, m.line = m.ends[n:], m.line+n
	return m.line
}

var errTooLong = fmt.Errorf("a record is longer than %d MiB", maxRecord>>20)

func (m *metered) Read(p []byte) (int, error) {
	switch {
	case m.record > maxRecord:
		return 0, errTooLong
	case m.total <= 0:
		return 0, errors.New("the log is too long; split it")
	}
	p = p[:min(int64(len(p)), 64<<10)]
	n, err := m.r.Read(p)
	m.record += int64(n)
	m.total -= int64(n)
	for i, b := range p[:n] {
		if b == '\n' {
			m.ends = append(m.ends, m.at+int64(i))
		}
	}
	m.at += int64(n)
	return n, err
}

// readList reads a list of objects.
func (r *Reader) readList(in *metered) error {
	d := json.NewDecoder(in)
	if _, err := d.Token(); err != nil {
		return plainJSON(err)
	}
	for d.More() {
		if err := r.next(d, in); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("after record %d: %w", r.Records, plainJSON(err))
	}
	if d.More() {
		return errors.New("something stands behind the list")
	}
	return nil
}

// readStream reads objects one after the other, a line each or not.
func (r *Reader) readStream(in *metered) error {
	d := json.NewDecoder(in)
	for {
		if err := r.next(d, in); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (r *Reader) next(d *json.Decoder, in *metered) error {
	in.record = 0
	var o object
	err := d.Decode(&o)
	switch {
	case errors.Is(err, io.EOF):
		return err
	case err != nil:
		return fmt.Errorf("record %d: %w", r.Records+1, plainJSON(err))
	}
	r.line = in.lineAt(d.InputOffset() - int64(o.length))
	r.whole(o.fields)
	return nil
}

// object is a value that should be an object, with its length.
type object struct {
	fields map[string]any
	length int
}

func (o *object) UnmarshalJSON(b []byte) error {
	o.length = len(b)
	return json.Unmarshal(b, &o.fields)
}

// whole takes an object: a record, an answer of LookupEvents with a list of them, or an event that EventBridge delivered, which
// has one of the two as its data (CloudEvents: specversion, type kms:ActionTrail:ApiCall …).
func (r *Reader) whole(fields map[string]any) {
	if data, ok := fields["data"].(map[string]any); ok && enveloped(fields) {
		r.whole(data)
		return
	}
	for _, name := range []string{"Events", "events"} {
		list, ok := fields[name].([]any)
		if !ok {
			continue
		}
		for _, e := range list {
			event, _ := e.(map[string]any)
			r.take(event)
		}
		return
	}
	r.take(fields)
}

// enveloped reports whether an object is only what an event travelled in.
func enveloped(fields map[string]any) bool {
	for name := range fields {
		switch strings.ToLower(name) {
		case "eventname", "api_name", "share_gateway_api_name":
			return false
		}
	}
	return true
}

// plainJSON is an error of the parser without bytes of the file: they may be anything.
func plainJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, errTooLong):
		return errTooLong
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is not JSON, or cut off")
	case errors.As(err, &kind):
		return errors.New("it is no JSON object")
	}
	return err
}

// readCSV reads rows below a row of names.
func (r *Reader) readCSV(in *metered) error {
	before := in.line - 1
	rows := csv.NewReader(in)
	rows.FieldsPerRecord, rows.ReuseRecord = -1, true
	var names []string
	for {
		in.record, in.ends = 0, nil // rows know their lines
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTooLong):
			return errTooLong
		case err != nil:
			return fmt.Errorf("after %d records it is neither CSV nor JSON", r.Records)
		case names == nil:
			names = append([]string{}, row...)
			if !knownColumns(names) {
				return errors.New("its first line has none of the names that the access log or ActionTrail has: api_name or eventName")
			}
			continue
		}
		fields := make(map[string]any, len(names))
		for i, cell := range row {
			if i < len(names) {
				fields[names[i]] = cell
			}
		}
		r.line, _ = rows.FieldPos(0)
		r.line += before
		r.take(fields)
	}
}

func knownColumns(names []string) bool {
	for _, n := range names {
		switch n = strings.ToLower(strings.TrimSpace(n)); {
		case n == "api_name", n == "event", strings.HasSuffix(n, "eventname"):
			return true
		}
	}
	return false
}

// compact keeps the latest of what was gathered.
func (r *Reader) compact() { r.Uses = state.WithUses(nil, r.Uses) }
