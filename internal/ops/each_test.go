package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestEach keeps the errors in order, and after the context's end begins nothing and says why once.
func TestEach(t *testing.T) {
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	errs := Each(t.Context(), names, func(_ context.Context, name string) error {
		if name == "7" || name == "70" {
			return errors.New(name)
		}
		return nil
	})
	if fmt.Sprint(errs) != "[7 70]" {
		t.Errorf("errors %v", errs)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	errs = Each(ctx, names, func(context.Context, string) error { t.Error("something was begun"); return nil })
	if fmt.Sprint(errs) != "[enough]" {
		t.Errorf("errors %v", errs)
	}
}

// TestASlottedFileThatMayOnlyBeRead gets its new header with the whole file.
func TestASlottedFileThatMayOnlyBeRead(t *testing.T) {
	r := newRig(t)
	e, plain := r.engine(), pattern(100000, 4)
	path := r.encrypted(e, "a", plain, Seal{Key: r.aesKey()})
	p := place{root: r.root(), name: "a.enc"}
	f, info, err := openRegular(p, os.O_RDONLY)
	r.must(err)
	defer f.Close()
	h, key, err := envelope.Unlock(t.Context(), f, envelope.OpenOptions{Identities: e.identities()})
	r.must(err)
	next, err := e.putHeader(p, f, info, h, false, key, h.Stanzas)
	r.must(err)
	if next.Generation != 2 || bytes.Equal(r.read("a.enc")[:4096], make([]byte, 4096)) {
		t.Errorf("header %+v", next)
	}
	r.opens(path, plain)
}
