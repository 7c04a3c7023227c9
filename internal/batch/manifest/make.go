package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/work"
)

// Summary is what a plan of a batch shows.
type Summary struct {
	Whole
	// Under counts objects by the key version that their headers name, most first. Of what Survey.Unread left unread nothing is known.
	Under []batch.Under
	Plain int64 // no envelopes
	// Damaged objects have a header that cannot be read, and are in the manifest: the batch names them as failures.
	Damaged   int64
	Gone      int64 // named, and not there: not in the manifest
	There     int64 // at the target already
	Todo      int64 // the others
	TodoBytes int64
	// Wraps are distinct data keys of what is to do, and ThereWraps of what is at the target already, where Survey.Verifies; counted
	// up to a limit and estimated above it.
	Wraps, ThereWraps int64
	Estimated         bool
	Unread            bool
}

// maxWraps bounds what is remembered of data keys: eight bytes each and the map's own.
const maxWraps = 200_000

// wraps counts distinct data keys. Objects that share one mostly follow each other.
type wraps struct {
	known map[[8]byte]struct{}
	last  [8]byte
	n     int64
}

func (w *wraps) add(wrap [8]byte) {
	if wrap == w.last {
		return
	}
	w.last = wrap
	if _, known := w.known[wrap]; known {
		return
	}
	if w.n++; w.n <= maxWraps {
		w.known[wrap] = struct{}{}
	}
}

// estimated reports whether one that was counted may be one that is not remembered.
func (w *wraps) estimated() bool { return w.n > maxWraps }

// Make writes a manifest of what a survey finds, in chunks of at most so many objects, and bytes of objects.
func Make(ctx context.Context, s Survey, w io.Writer, objects int, size int64) (Summary, error) {
	if s.Unread && (s.Action == batch.Reencrypt || len(s.Filter.KeyVersion) > 0) {
		return Summary{}, errors.New("headers have to be read: reencrypt tells by them what it did, and a filter by key_version what is wanted")
	}
	out, sum := NewWriter(w, objects, size), Summary{Unread: s.Unread}
	todo, there := wraps{known: map[[8]byte]struct{}{}}, wraps{known: map[[8]byte]struct{}{}}
	err := s.each(ctx, func(seen work.Seen, err error) error {
		if errors.Is(err, source.ErrGone) {
			sum.Gone++
			return nil
		}
		if err != nil && seen.Name == "" {
			return err
		}
		if addErr := out.Add(seen.Entry); addErr != nil {
			return fmt.Errorf("%s: %w", s.Source.Place(), addErr)
		}
		sum.count(seen, err, s.Action)
		switch is := sum.there(seen, s.Action); {
		case !seen.Envelope || is && !s.Verifies:
		case is:
			there.add(seen.Wrap)
		default:
			todo.add(seen.Wrap)
		}
		return nil
	})
	sum.Wraps, sum.ThereWraps, sum.Estimated = todo.n, there.n, todo.estimated() || there.estimated()
	if err != nil {
		return sum, err
	}
	slices.SortFunc(sum.Under, func(a, b batch.Under) int { return int(b.Objects - a.Objects) })
	sum.Whole, err = out.Close()
	return sum, err
}

func (s *Summary) there(seen work.Seen, a batch.Action) bool {
	return a == batch.Rewrap && seen.There || a == batch.Encrypt && seen.Envelope
}

func (s *Summary) count(seen work.Seen, err error, a batch.Action) {
	switch {
	case s.Unread:
	case err != nil:
		s.Damaged++
	case !seen.Envelope:
		s.Plain++
	default:
		var t batch.Tally
		t.Under = s.Under
		t.Put(batch.Under{KeyID: seen.KeyID, KeyVersion: seen.KeyVersion, Objects: 1})
		s.Under = t.Under
	}
	if s.there(seen, a) {
		s.There++
		return
	}
	s.Todo++
	s.TodoBytes += max(seen.Size, 0)
}
