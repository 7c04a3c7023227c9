package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/state/pg"
)

// BatchGrants are the statements that give a role of PostgreSQL the least rights of a worker in one place.
type BatchGrants struct {
	Place      string
	Statements []string
}

// Grants are what a role needs of the queues, sources and the state that are in PostgreSQL, place by place.
func (w *BatchWorker) Grants(ctx context.Context, role string) (all []BatchGrants, err error) {
	for _, place := range w.Places() {
		if q, ok := w.queues[place].(interface{ Grants(role string) []string }); ok {
			all = append(all, BatchGrants{place, q.Grants(role)})
		}
	}
	for _, address := range slices.Sorted(maps.Keys(w.batches)) {
		b := w.batches[address].batch
		src, err := b.OpenSource(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: open the source: %w", address, err)
		}
		one, err := sourceGrants(ctx, src, role, b.Spec.Action != batch.Verify)
		if err = errors.Join(err, src.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", address, err)
		}
		if one != nil && !slices.ContainsFunc(all, func(g BatchGrants) bool { return g.Place == one.Place && slices.Equal(g.Statements, one.Statements) }) {
			all = append(all, *one)
		}
	}
	if set := w.s.Config.Settings; set.BackendType == "pg" {
		schema := set.Backend["schema_name"]
		all = append(all, BatchGrants{"the state of this module, schema " + cmp.Or(schema, "kmsplan"), pg.Grants(schema, role)})
	}
	return all, nil
}

func sourceGrants(ctx context.Context, src source.Source, role string, writes bool) (*BatchGrants, error) {
	g, ok := src.(interface {
		Grants(ctx context.Context, role string, writes bool) ([]string, error)
	})
	if !ok {
		return nil, nil
	}
	statements, err := g.Grants(ctx, role, writes)
	return &BatchGrants{src.Place(), statements}, err
}
