package placetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Run checks what a Place promises; open returns another handle on the same, at first empty one with each call.
func Run(t *testing.T, fresh func(t *testing.T) (open func() remote.Place)) {
	for name, check := range map[string]func(*testing.T, func() remote.Place){
		"an empty place has no head":                   empty,
		"a head is replaced by who has seen it":        swaps,
		"of many that replace a head one does":         race,
		"an object is there once it is stored":         objects,
		"what was dropped is gone, or harmless":        drops,
		"a call ends with its context":                 contexts,
		"a head may be of a megabyte, and of any byte": large,
	} {
		t.Run(name, func(t *testing.T) { check(t, fresh(t)) })
	}
}

func head(t *testing.T, p remote.Place) (string, remote.Revision) {
	t.Helper()
	data, rev, err := p.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(data), rev
}

func swap(t *testing.T, p remote.Place, old remote.Revision, data string) remote.Revision {
	t.Helper()
	rev, err := p.Swap(t.Context(), old, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func empty(t *testing.T, open func() remote.Place) {
	if data, rev := head(t, open()); data != "" || rev != "" {
		t.Errorf("an empty place has the head %q, revision %q", data, rev)
	}
	if _, err := open().Get(t.Context(), "state-1"); !errors.Is(err, remote.ErrNoObject) {
		t.Errorf("an object that is not there gives %v", err)
	}
	if _, err := open().Swap(t.Context(), "another", []byte(`{"n":1}`)); !errors.Is(err, remote.ErrConflict) {
		t.Errorf("replacing what is not there gives %v", err)
	}
}

func swaps(t *testing.T, open func() remote.Place) {
	first := swap(t, open(), "", `{"n":1}`)
	if _, err := open().Swap(t.Context(), "", []byte(`{"n":"late"}`)); !errors.Is(err, remote.ErrConflict) {
		t.Errorf("a second first head gives %v", err)
	}
	data, rev := head(t, open())
	if data != `{"n":1}` || rev != first {
		t.Errorf("read %q at %q, want it at %q", data, rev, first)
	}
	second := swap(t, open(), first, `{"n":2}`)
	if second == first || second == "" {
		t.Errorf("the second head has revision %q, the first %q", second, first)
	}
	for range 2 {
		if _, err := open().Swap(t.Context(), first, []byte(`{"n":"late"}`)); !errors.Is(err, remote.ErrConflict) {
			t.Errorf("replacing what was replaced gives %v", err)
		}
	}
	if data, rev := head(t, open()); data != `{"n":2}` || rev != second {
		t.Errorf("read %q at %q", data, rev)
	}
	// The same bytes again are another head: what was seen before does not replace it.
	third := swap(t, open(), second, `{"n":1}`)
	if _, err := open().Swap(t.Context(), second, []byte(`{"n":3}`)); !errors.Is(err, remote.ErrConflict) {
		t.Errorf("with the content it had before, replacing what was replaced gives %v", err)
	}
	swap(t, open(), third, `{"n":4}`)
}

func race(t *testing.T, open func() remote.Place) {
	rev := remote.Revision("")
	for round := range 8 {
		var wins atomic.Int32
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				_, err := open().Swap(t.Context(), rev, fmt.Appendf(nil, `{"n":"%d-%d"}`, round, w))
				if err == nil {
					wins.Add(1)
				} else if !errors.Is(err, remote.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := wins.Load(); n != 1 {
			t.Fatalf("round %d: %d of 8 replaced the same head", round, n)
		}
		_, rev = head(t, open())
	}
}

func objects(t *testing.T, open func() remote.Place) {
	want := []byte("\x00\xff binary \r\n")
	p := open()
	for range 2 { // the second time is an attempt whose first answer was lost
		if err := p.Put(t.Context(), "state-000000000001-00ff", want); err != nil {
			t.Fatal(err)
		}
	}
	rev := swap(t, p, "", `{"n":0}`) // as when a lease is renewed in between
	rev = swap(t, p, rev, `{"n":1,"object":"state-000000000001-00ff"}`)
	for _, reader := range []remote.Place{p, open()} {
		got, err := reader.Get(t.Context(), "state-000000000001-00ff")
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("read %q, %v", got, err)
		}
	}
	swap(t, open(), rev, `{"n":2,"past":["state-000000000001-00ff"]}`)
	if got, err := open().Get(t.Context(), "state-000000000001-00ff"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("after another head, read %q, %v", got, err)
	}
}

func drops(t *testing.T, open func() remote.Place) {
	p := open()
	if err := p.Put(t.Context(), "state-a", []byte("a")); err != nil {
		t.Fatal(err)
	}
	swap(t, p, "", `{"n":1,"object":"state-a"}`)
	if err := p.Drop(t.Context(), "state-a", "state-never-was"); err != nil {
		t.Error(err)
	}
	if got, err := p.Get(t.Context(), "state-a"); err == nil && string(got) != "a" {
		t.Errorf("an object that was dropped reads as %q", got)
	}
}

func contexts(t *testing.T, open func() remote.Place) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := open()
	if _, _, err := p.Head(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Head: %v", err)
	}
	if _, err := p.Swap(ctx, "", []byte(`{}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("Swap: %v", err)
	}
	if _, err := p.Get(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
}

func large(t *testing.T, open func() remote.Place) {
	data := `{"n":"` + string(bytes.Repeat([]byte("aé\\u0000"), 1<<17)) + `"}`
	rev := swap(t, open(), "", data)
	if got, at := head(t, open()); got != data || at != rev {
		t.Errorf("read %d bytes at %q, wrote %d at %q", len(got), at, len(data), rev)
	}
}
