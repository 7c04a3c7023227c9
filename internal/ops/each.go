package ops

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// filesAtOnce bounds the files that are worked on together: the wait for the disk and for
// KMS overlaps, and memory stays small.
const filesAtOnce = 16

// Each works on several things at once and gathers every error, in the things' order. When the context
// ends, nothing more is begun, and its cause is added once.
func Each[T any](ctx context.Context, things []T, work func(context.Context, T) error) []error {
	errs := make([]error, len(things)+1)
	var g errgroup.Group
	g.SetLimit(filesAtOnce)
	for i, thing := range things {
		if ctx.Err() != nil {
			errs[len(things)] = context.Cause(ctx)
			break
		}
		g.Go(func() error {
			errs[i] = work(ctx, thing)
			return nil
		})
	}
	_ = g.Wait()
	return compact(errs)
}

func compact(errs []error) []error {
	var out []error
	for _, err := range errs {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}
