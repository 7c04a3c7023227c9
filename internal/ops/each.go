package ops

import (
	"context"
	"io"
	"io/fs"

	"golang.org/x/sync/errgroup"
)

// filesAtOnce bounds the files that are worked on together: the wait for the disk and for
// KMS overlaps, and memory stays small.
const filesAtOnce = 16

// Each works on several names at once and gathers every error, in the names' order.
func Each(ctx context.Context, names []string, work func(context.Context, string) error) []error {
	errs := make([]error, len(names))
	var g errgroup.Group
	g.SetLimit(filesAtOnce)
	for i, name := range names {
		g.Go(func() error {
			if ctx.Err() != nil {
				errs[i] = context.Cause(ctx)
				return nil
			}
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

// WriteFile writes a file whole or not at all. write may fail halfway: then the name
// holds what it held before.
func WriteFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	to, err := atNew(path)
	if err != nil {
		return err
	}
	defer to.close()
	attr := newFile(mode)
	if old, err := to.root.Lstat(to.name); err == nil && old.Mode().Perm()&^mode == 0 {
		attr = attributesOf(old)
	}
	out, err := createAtomic(to.root, to.name, attr)
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := write(out); err != nil {
		return err
	}
	return out.Commit()
}
