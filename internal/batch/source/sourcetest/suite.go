package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// Rig is a source under test, empty, with what is done to it behind its back.
type Rig struct {
	Source source.Source
	// Name makes the source's own name of the nth object: names ascend with n.
	Name func(n int) string
	// Put writes an object past the source, as another program would; Get reads one, nil where there is none.
	Put    func(t *testing.T, name string, content []byte)
	Get    func(t *testing.T, name string) []byte
	Delete func(t *testing.T, name string)
	// Largest is the largest object the source takes, bytes; 0 = 12 MiB are tried.
	Largest int64
	// Unconditional is of a store without conditional writes: what another wrote in between is kept below, and named.
	Unconditional bool
}

const deadline = time.Minute

// Suite holds a source to its promises; fresh makes an empty one.
func Suite(t *testing.T, fresh func(t *testing.T) Rig) {
	for name, test := range map[string]func(*testing.T, Rig){
		"lists in an order that is always the same, from anywhere": listed,
		"a list ends with the error of who reads it":               stopped,
		"reads one revision":                               readOne,
		"what is not there is gone":                        gone,
		"a new content whole":                              whole,
		"a new beginning before the old rest":              beginning,
		"a content of unknown length":                      unknown,
		"what another changed is not written over":         changed,
		"a content that cannot be read leaves the old one": broken,
		"a large object":                                   large,
		"is probed without a trace":                        probed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig := fresh(t)
			t.Cleanup(func() {
				if err := rig.Source.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, rig)
		})
	}
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	return ctx
}

func names(t *testing.T, s source.Source, after string) (out []string) {
	t.Helper()
	err := s.List(bounded(t), after, func(o source.Object) error {
		out = append(out, o.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func listed(t *testing.T, rig Rig) {
	var want []string
	for n := range 25 {
		rig.Put(t, rig.Name(n), fmt.Appendf(nil, "object %d", n))
		want = append(want, rig.Name(n))
	}
	if got := names(t, rig.Source, ""); !slices.Equal(got, want) {
		t.Errorf("the list is %q, want %q", got, want)
	}
	if got := names(t, rig.Source, want[9]); !slices.Equal(got, want[10:]) {
		t.Errorf("the list after %s is %q", want[9], got)
	}
	if got := names(t, rig.Source, want[24]); len(got) != 0 {
		t.Errorf("the list after the last is %q", got)
	}
}

func stopped(t *testing.T, rig Rig) {
	for n := range 3 {
		rig.Put(t, rig.Name(n), []byte("x"))
	}
	enough, seen := errors.New("enough"), 0
	err := rig.Source.List(bounded(t), "", func(source.Object) error { seen++; return enough })
	if !errors.Is(err, enough) || seen != 1 {
		t.Errorf("%v after %d objects", err, seen)
	}
}

func opened(t *testing.T, rig Rig, name string) source.Handle {
	t.Helper()
	h, err := rig.Source.Open(bounded(t), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func readOne(t *testing.T, rig Rig) {
	content := []byte("0123456789")
	rig.Put(t, rig.Name(1), content)
	h := opened(t, rig, rig.Name(1))
	if o := h.Object(); o.Size != 10 || o.Name != rig.Name(1) {
		t.Errorf("the object is %+v", o)
	}
	part := make([]byte, 4)
	if _, err := h.ReadAt(part, 3); err != nil || string(part) != "3456" {
		t.Errorf("four bytes from 3 are %q: %v", part, err)
	}
	if n, err := h.ReadAt(make([]byte, 20), 8); n != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("reading beyond the end gives %d bytes and %v", n, err)
	}
}

func gone(t *testing.T, rig Rig) {
	if _, err := rig.Source.Open(bounded(t), rig.Name(7)); !errors.Is(err, source.ErrGone) {
		t.Errorf("opening what is not there: %v", err)
	}
	rig.Put(t, rig.Name(1), []byte("x"))
	h := opened(t, rig, rig.Name(1))
	rig.Delete(t, rig.Name(1))
	_, err := h.Replace(bounded(t), source.Content{Head: bytes.NewReader([]byte("y")), Size: 1, Keep: -1})
	if !errors.Is(err, source.ErrGone) && !errors.Is(err, source.ErrChanged) {
		t.Errorf("writing what was deleted: %v", err)
	}
	if got := rig.Get(t, rig.Name(1)); got != nil {
		t.Errorf("what was deleted stands there again: %q", got)
	}
}

func replace(t *testing.T, rig Rig, name string, c source.Content) source.Written {
	t.Helper()
	w, err := opened(t, rig, name).Replace(bounded(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func whole(t *testing.T, rig Rig) {
	rig.Put(t, rig.Name(1), []byte("old"))
	w := replace(t, rig, rig.Name(1), source.Content{Head: bytes.NewReader([]byte("brand new")), Size: 9, Keep: -1})
	if got := rig.Get(t, rig.Name(1)); string(got) != "brand new" {
		t.Errorf("the object is %q", got)
	}
	if o := opened(t, rig, rig.Name(1)).Object(); o.Revision != w.Revision {
		t.Errorf("the write tells the revision %q, the object has %q", w.Revision, o.Revision)
	}
}

func beginning(t *testing.T, rig Rig) {
	rig.Put(t, rig.Name(1), []byte("head|and the rest"))
	replace(t, rig, rig.Name(1), source.Content{Head: bytes.NewReader([]byte("HEADER")), Size: 6, Keep: 4})
	if got := rig.Get(t, rig.Name(1)); string(got) != "HEADER|and the rest" {
		t.Errorf("the object is %q", got)
	}
}

func unknown(t *testing.T, rig Rig) {
	rig.Put(t, rig.Name(1), []byte("old"))
	content := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	replace(t, rig, rig.Name(1), source.Content{Head: io.MultiReader(bytes.NewReader(content)), Size: -1, Keep: -1})
	if got := rig.Get(t, rig.Name(1)); !bytes.Equal(got, content) {
		t.Errorf("the object has %d bytes, want %d", len(got), len(content))
	}
}

func changed(t *testing.T, rig Rig) {
	rig.Put(t, rig.Name(1), []byte("old"))
	h := opened(t, rig, rig.Name(1))
	rig.Put(t, rig.Name(1), []byte("another's, and longer"))
	w, err := h.Replace(bounded(t), source.Content{Head: bytes.NewReader([]byte("ours")), Size: 4, Keep: -1})
	if rig.Unconditional && err == nil {
		if w.Foreign == "" {
			t.Error("what another wrote in between is not named")
		}
		return
	}
	if !errors.Is(err, source.ErrChanged) {
		t.Errorf("writing over another's: %v", err)
	}
	if got := rig.Get(t, rig.Name(1)); string(got) != "another's, and longer" {
		t.Errorf("the object is %q", got)
	}
}

func broken(t *testing.T, rig Rig) {
	rig.Put(t, rig.Name(1), []byte("old"))
	for _, size := range []int64{-1, 100} {
		_, err := opened(t, rig, rig.Name(1)).Replace(bounded(t), source.Content{
			Head: io.MultiReader(bytes.NewReader([]byte("half of")), failing{}), Size: size, Keep: -1,
		})
		if !errors.Is(err, errBroken) {
			t.Errorf("a content of %d bytes that broke off: %v", size, err)
		}
	}
	if got := rig.Get(t, rig.Name(1)); string(got) != "old" {
		t.Errorf("the object is %q", got)
	}
}

var errBroken = errors.New("it broke off")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func large(t *testing.T, rig Rig) {
	size := int64(12 << 20)
	if rig.Largest > 0 {
		size = min(size, rig.Largest)
	}
	content := bytes.Repeat([]byte("0123456789abcdef"), int(size/16))
	rig.Put(t, rig.Name(1), content)
	head := bytes.Repeat([]byte("H"), 8192)
	w := replace(t, rig, rig.Name(1), source.Content{Head: bytes.NewReader(head), Size: int64(len(head)), Keep: int64(len(head))})
	want := append(bytes.Clone(head), content[len(head):]...)
	if got := rig.Get(t, rig.Name(1)); !bytes.Equal(got, want) {
		t.Errorf("the object has %d bytes, want %d, or others", len(got), len(want))
	}
	t.Logf("of %d bytes, %d were sent and %d copied by the store", len(want), w.Sent, w.Copied)
}

func probed(t *testing.T, rig Rig) {
	rig.Put(t, rig.Name(1), []byte("x"))
	if err := rig.Source.Probe(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if got := names(t, rig.Source, ""); !slices.Equal(got, []string{rig.Name(1)}) {
		t.Errorf("after the probe there are %q", got)
	}
}
