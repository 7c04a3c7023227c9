package remote

import (
	"context"
	"errors"
	"slices"
	"sync"

	"kmsplan.dev/kmsplan/internal/state"
)

// House is a Place among those of the other workspaces of its stack.
type House interface {
	Place
	// In returns the place of a workspace of the same stack. It calls nobody.
	In(workspace string) House
	// Workspaces names those that a head is or was stored for, in no order; the default one is not among them.
	Workspaces(ctx context.Context) ([]string, error)
	// Vacate takes away a head that says nothing any more, unless another is stored in its place by now. A server
	// that cannot take it away keeps it.
	Vacate(ctx context.Context, rev Revision) error
}

// mostLooks is how many heads are read at once to list workspaces.
const mostLooks = 8

// Workspaces names the workspaces that something is stored for, sorted, the default one left out.
func Workspaces(ctx context.Context, h House) ([]string, error) {
	p := retrying{h, Retrying{}.withDefaults()}
	var names []string
	if err := p.do(ctx, func(ctx context.Context) (err error) { names, err = h.Workspaces(ctx); return err }); err != nil {
		return nil, err
	}
	slices.Sort(names)
	names = slices.Compact(names)
	used, errs := make([]bool, len(names)), make([]error, len(names))
	limit := NewLimit(mostLooks)
	var looks sync.WaitGroup
	for i, name := range names {
		looks.Go(func() {
			used[i], errs[i] = inUse(ctx, Retry(limit.On(h.In(name)), Retrying{}))
		})
	}
	looks.Wait()
	var list []string
	for i, name := range names {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if used[i] {
			list = append(list, name)
		}
	}
	return list, nil
}

// inUse reports whether a place keeps something. One whose head is damaged does: it is listed, and whoever opens it is told.
func inUse(ctx context.Context, p Place) (bool, error) {
	data, _, err := p.Head(ctx)
	if err != nil {
		if errors.Is(err, state.ErrCorrupt) {
			return true, nil
		}
		return false, err
	}
	h, err := decodeHead(p.String(), data)
	return err != nil || !h.empty(), nil
}

// Vacate takes away what is left of a workspace whose state was removed, where nobody works in it.
func Vacate(ctx context.Context, h House) error {
	p := retrying{h, Retrying{}.withDefaults()}
	return p.do(ctx, func(ctx context.Context) error {
		data, rev, err := h.Head(ctx)
		if err != nil || data == nil {
			return err
		}
		if left, err := decodeHead(h.String(), data); err != nil || !left.empty() || left.Lease != nil {
			return err
		}
		return h.Vacate(ctx, rev)
	})
}
