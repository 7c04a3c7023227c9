package ops

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// filesAtOnce bounds the files that are worked on together: the wait for the disk and for
// KMS overlaps, and memory stays small.
const filesAtOnce = 16

// Each works on several names at once and gathers every error, in the names' order. When the context
// ends, nothing more is begun, and its cause is added once.
func Each(ctx context.Context, names []string, work func(context.Context, string) error) []error {
	errs := make([]error, len(names)+1)
	var g errgroup.Group
	g.SetLimit(filesAtOnce)
	for i, name := range names {
		if ctx.Err() != nil {
			errs[len(names)] = context.Cause(ctx)
			break
		}
		g.Go(func() error {
			errs[i] = work(ctx, name)
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
