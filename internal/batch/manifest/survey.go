package manifest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/work"
	"kmsplan.dev/kmsplan/internal/kind"
)

// Survey says what a manifest is made of.
type Survey struct {
	Source source.Source
	// List tells of the objects in place of the source's own listing, in ascending order; nil = the source lists.
	List   func(ctx context.Context, each func(source.Object) error) error
	Filter batch.Filter
	Action batch.Action
	Target batch.Target
	// Verifies counts the data keys of what is at the target too, which the batch opens.
	Verifies bool
	// Unread leaves headers unread: nothing is known of keys and versions then, and nothing is asked of each object. It cannot
	// be with Reencrypt, which knows by its header what it did.
	Unread   bool
	Parallel int // headers read at once; 0 = 16
	Now      func() time.Time
	// Progress is told how many objects were listed so far; nil = nobody is.
	Progress func(listed int64)
}

const (
	defaultParallel = 16
	ahead           = 256 // objects listed before the first of them is dealt with
)

// found is an object on its way: its header is read by another goroutine.
type found struct {
	object source.Object
	ready  chan struct{}
	seen   work.Seen
	err    error
	out    bool // the filter leaves it out
}

// each gives the objects in order, as far as the filter lets them through, and those that are gone with that error.
func (s Survey) each(ctx context.Context, each func(work.Seen, error) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	line := make(chan *found, ahead)
	go func() {
		defer close(line)
		if err := s.list(ctx, line); err != nil {
			stop(err)
		}
	}()
	for f := range line {
		select {
		case <-f.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if f.out {
			continue
		}
		if err := each(f.seen, f.err); err != nil {
			stop(err)
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// list puts what is listed in line, each with a reader at work.
func (s Survey) list(ctx context.Context, line chan<- *found) error {
	parallel := s.Parallel
	if parallel == 0 {
		parallel = defaultParallel
	}
	readers, listed := make(chan struct{}, parallel), int64(0)
	listing := s.List
	if listing == nil {
		listing = func(ctx context.Context, each func(source.Object) error) error { return s.Source.List(ctx, "", each) }
	}
	return listing(ctx, func(o source.Object) error {
		if listed++; s.Progress != nil {
			s.Progress(listed)
		}
		if !s.wanted(o) {
			return nil
		}
		f := &found{object: o, ready: make(chan struct{})}
		select {
		case readers <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		go func() {
			defer close(f.ready)
			defer func() { <-readers }()
			s.read(ctx, f)
		}()
		select {
		case line <- f:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// wanted holds what a listing tells against the filter; what it does not tell is found out when the object is read.
func (s Survey) wanted(o source.Object) bool {
	f := s.Filter
	if len(f.Paths) > 0 && !slices.ContainsFunc(f.Paths, func(p string) bool { return kind.MatchGlob(p, o.Name) }) {
		return false
	}
	if o.Size >= 0 && (o.Size < f.Smallest || f.Largest > 0 && o.Size > f.Largest) {
		return false
	}
	return f.OlderThan == 0 || o.Modified.IsZero() || s.now().Sub(o.Modified) >= f.OlderThan
}

func (s Survey) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s Survey) read(ctx context.Context, f *found) {
	if len(s.Filter.Tags) > 0 && !s.tagged(ctx, f) {
		return
	}
	if s.Unread {
		f.seen.Entry = batch.Entry{Name: f.object.Name, Size: f.object.Size, Modified: f.object.Modified, Revision: f.object.Revision}
		return
	}
	h, err := s.Source.Open(ctx, f.object.Name)
	if err != nil {
		f.err = err
		return
	}
	defer h.Close()
	if f.seen, f.err = work.See(h, s.Target); f.err != nil {
		at := h.Object()
		f.seen.Entry = batch.Entry{Name: at.Name, Size: at.Size, Modified: at.Modified, Revision: at.Revision}
	}
	f.out = !s.wanted(h.Object()) || !s.under(f.seen)
}

// under holds an object's key against the filter.
func (s Survey) under(seen work.Seen) bool {
	of := s.Filter.KeyVersion
	return len(of) == 0 || slices.Contains(of, seen.KeyVersion) || slices.Contains(of, seen.KeyID)
}

func (s Survey) tagged(ctx context.Context, f *found) bool {
	t, ok := s.Source.(source.Tagger)
	if !ok {
		f.err = fmt.Errorf("%s has no tags: leave tags out of the filter", s.Source.Place())
		return false
	}
	tags, err := t.Tags(ctx, f.object.Name)
	if err != nil {
		f.err = err
		return false
	}
	for name, value := range s.Filter.Tags {
		if tags[name] != value {
			f.out = true
			return false
		}
	}
	return true
}
