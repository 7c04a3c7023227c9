package inventory

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

const (
	sortedAtOnce = 8 << 20 // bytes
	perEntry     = 112     // of memory, beside name and revision, bytes
	fanIn        = 64      // runs that are merged into one: bounds how many files are open
	mostNamed    = 10
)

// sorter sorts objects by name. It writes runs that are sorted, and merges each fanIn of them into one, and those again.
type sorter struct {
	parent string
	most   int // 0 = sortedAtOnce
	dir    string
	now    []source.Object
	bytes  int
	levels [][]*os.File
}

func (s *sorter) add(o source.Object) error {
	s.now = append(s.now, o)
	s.bytes += len(o.Name) + len(o.Revision) + perEntry
	most := s.most
	if most == 0 {
		most = sortedAtOnce
	}
	if s.bytes < most {
		return nil
	}
	return s.spill()
}

func (s *sorter) sort() { slices.SortStableFunc(s.now, compare) }

// compare orders by name, the newest of one name first.
func compare(a, b source.Object) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return b.Modified.Compare(a.Modified)
}

// spill writes what is in memory as a run.
func (s *sorter) spill() error {
	s.sort()
	i := 0
	next := func() (source.Object, error) {
		if i == len(s.now) {
			return source.Object{}, io.EOF
		}
		i++
		return s.now[i-1], nil
	}
	if err := s.run(0, next); err != nil {
		return err
	}
	clear(s.now)
	s.now, s.bytes = s.now[:0], 0
	return nil
}

// run writes a run of a level, and merges the level when it is full.
func (s *sorter) run(level int, next func() (source.Object, error)) error {
	f, err := s.temporary()
	if err != nil {
		return fmt.Errorf("sort the list in %s: %w", s.dir, err)
	}
	for len(s.levels) <= level {
		s.levels = append(s.levels, nil)
	}
	s.levels[level] = append(s.levels[level], f)
	if err := writeRun(f, next); err != nil {
		return fmt.Errorf("sort the list in %s: %w; set TMPDIR to a directory with more room", s.dir, err)
	}
	if len(s.levels[level]) < fanIn {
		return nil
	}
	full := s.levels[level]
	m, err := merged(full)
	if err == nil {
		err = s.run(level+1, m.next)
	}
	s.levels[level] = nil
	return errors.Join(err, s.drop(full))
}

// temporary makes a file that nobody else may read.
func (s *sorter) temporary() (*os.File, error) {
	if s.dir == "" {
		dir, err := os.MkdirTemp(s.parent, "kmsplan-list-") // 0700
		if err != nil {
			return nil, err
		}
		s.dir = dir
	}
	return os.CreateTemp(s.dir, "run-") // 0600
}

func (s *sorter) drop(files []*os.File) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return err
}

// close takes all files away.
func (s *sorter) close() (err error) {
	for _, files := range s.levels {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// each tells of all objects in order, of each name once.
func (s *sorter) each(ctx context.Context, report *Report, each Each) error {
	s.sort()
	m, err := merged(slices.Concat(s.levels...))
	if err != nil {
		return err
	}
	m.memory(s.now)
	last := ""
	for n := 0; ; n++ {
		o, err := m.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sort the list in %s: %w", s.dir, err)
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if o.Name == last {
			report.twice(o.Name)
			continue
		}
		last = o.Name
		report.Objects++
		if err := each(o); err != nil {
			return err
		}
	}
}

func (r *Report) twice(name string) {
	r.Duplicates++
	if len(r.Twice) < mostNamed && !slices.Contains(r.Twice, name) {
		r.Twice = append(r.Twice, name)
	}
}

// merge gives the least of several runs.
type merge []*cursor

// cursor is the next object of one run.
type cursor struct {
	at   source.Object
	next func() (source.Object, error)
}

func merged(files []*os.File) (*merge, error) {
	m := &merge{}
	for _, f := range files {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		in := bufio.NewReaderSize(f, 32<<10)
		if err := m.take(&cursor{next: func() (source.Object, error) { return readEntry(in) }}); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// memory adds what was not written.
func (m *merge) memory(objects []source.Object) {
	_ = m.take(&cursor{next: func() (o source.Object, err error) { // fails with io.EOF only
		if len(objects) == 0 {
			return o, io.EOF
		}
		o, objects = objects[0], objects[1:]
		return o, nil
	}})
}

// take moves a cursor on, and keeps it while it has something.
func (m *merge) take(c *cursor) (err error) {
	if c.at, err = c.next(); err == nil {
		heap.Push(m, c)
	}
	if err == io.EOF {
		err = nil
	}
	return err
}

func (m *merge) next() (source.Object, error) {
	if len(*m) == 0 {
		return source.Object{}, io.EOF
	}
	c := heap.Pop(m).(*cursor)
	o := c.at
	return o, m.take(c)
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return compare(m[i].at, m[j].at) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(*cursor)) }
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// writeRun writes entries: name, revision, size, and time, in s and ns.
func writeRun(f *os.File, next func() (source.Object, error)) error {
	out := bufio.NewWriterSize(f, 64<<10)
	var b []byte
	for {
		o, err := next()
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		b = binary.AppendUvarint(b[:0], uint64(len(o.Name)))
		b = append(b, o.Name...)
		b = binary.AppendUvarint(b, uint64(len(o.Revision)))
		b = append(b, o.Revision...)
		b = binary.AppendVarint(b, o.Size)
		b = binary.AppendVarint(b, o.Modified.Unix())
		b = binary.AppendVarint(b, int64(o.Modified.Nanosecond()))
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
}

func readEntry(in *bufio.Reader) (o source.Object, err error) {
	if o.Name, err = readText(in); err != nil {
		return o, err // io.EOF between entries
	}
	if o.Revision, err = readText(in); err != nil {
		return o, fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
	}
	var numbers [3]int64
	for i := range numbers {
		if numbers[i], err = binary.ReadVarint(in); err != nil {
			return o, fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
		}
	}
	o.Size, o.Modified = numbers[0], time.Unix(numbers[1], numbers[2]).UTC()
	return o, nil
}

func readText(in *bufio.Reader) (string, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return "", err
	}
	text := make([]byte, min(n, longestLine))
	if _, err := io.ReadFull(in, text); err != nil {
		return "", errors.Join(io.ErrUnexpectedEOF, err)
	}
	return string(text), nil
}
