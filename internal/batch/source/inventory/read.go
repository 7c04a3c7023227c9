package inventory

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// Options say which objects of a list are wanted, and how it is sorted.
type Options struct {
	Bucket string // that entries are of
	Prefix string // of their names; others are left out
	// Dir is where the private directory is made; "" = the system's for temporary files. It takes about as much as the lists
	// unpacked, twice at most.
	Dir    string
	Memory int // bytes of entries that are sorted at once; 0 = 8 MiB
}

// Report is what a list held.
type Report struct {
	Objects    int64     // that were told of
	Duplicates int64     // entries of a name that was told of already
	Twice      []string  // the first names of those, ten at most
	Versions   int64     // entries of older versions, and delete markers
	Outside    int64     // entries whose names have not the prefix
	Made       time.Time // when the store made the list; zero = it does not say
}

// Each is told of the objects by ascending names. Its error ends the reading.
type Each func(source.Object) error

// longestLine bounds a line, bytes: a key has at most 1,024, three times as long when it is encoded.
const longestLine = 64 << 10

// reading is one list that is read.
type reading struct {
	Options
	ctx    context.Context
	sorter *sorter
	report Report
}

// read reads lists with add, sorts what they hold, and tells of it.
func (o Options) read(ctx context.Context, each Each, add func(*reading) error) (_ Report, err error) {
	r := &reading{Options: o, ctx: ctx, sorter: &sorter{parent: o.Dir, most: o.Memory}}
	defer func() { err = errors.Join(err, r.sorter.close()) }()
	if err := add(r); err != nil {
		return r.report, err
	}
	err = r.sorter.each(ctx, &r.report, each)
	return r.report, err
}

// add takes an object.
func (r *reading) add(o source.Object) error {
	if !strings.HasPrefix(o.Name, r.Prefix) {
		r.report.Outside++
		return nil
	}
	return r.sorter.add(o)
}

// lines calls each with every line, by number. name is for messages. Packed lists are unpacked.
func (r *reading) lines(name string, in io.Reader, split bufio.SplitFunc, each func(line string) error) error {
	packed := counted{from: in}
	begin := bufio.NewReader(&packed)
	if magic, err := begin.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(begin)
		if err != nil {
			return fmt.Errorf("%s: it is damaged (%w); fetch it again", name, err)
		}
		defer unpacked.Close()
		begin = bufio.NewReader(&bounded{packed: &packed, from: unpacked})
	}
	lines := bufio.NewScanner(begin)
	lines.Buffer(nil, longestLine)
	lines.Split(split)
	n := 0
	for lines.Scan() {
		n++
		if n%4096 == 0 && r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		if err := each(lines.Text()); err != nil && damaged(lines.Err()) {
			break // the line is what is left of one
		} else if err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the line has more than %d bytes", name, n+1, longestLine)
	case damaged(err):
		return fmt.Errorf("%s: it is damaged after line %d (%w); fetch it again", name, n, err)
	case err != nil:
		return fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	return nil
}

// Names reads a list of names: one a line, or, where it holds a zero byte in its first 64 KiB, between zero bytes. Empty lines
// count for nothing. name is the list's, for messages.
func Names(ctx context.Context, name string, in io.Reader, o Options, each Each) (Report, error) {
	return o.read(ctx, each, func(r *reading) error {
		begin := bufio.NewReaderSize(in, longestLine)
		split := bufio.ScanLines
		if peek, _ := begin.Peek(longestLine); bytes.IndexByte(peek, 0) >= 0 && !bytes.HasPrefix(peek, []byte{0x1f, 0x8b}) {
			split = zeros
		}
		return r.lines(name, begin, split, func(line string) error {
			if line == "" {
				return nil
			}
			return r.add(source.Object{Name: line, Size: -1})
		})
	})
}

// zeros splits at zero bytes.
func zeros(data []byte, end bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i + 1, data[:i], nil
	}
	if end && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
