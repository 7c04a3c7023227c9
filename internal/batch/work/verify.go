package work

import (
	"context"
	"hash/fnv"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/ops"
)

// verify opens the wrap that stands there and proves the header by it; a document is opened whole.
func (o *object) verify(ctx context.Context, head ops.Head, outcome batch.Outcome) (batch.Result, error) {
	r := o.under(head)
	if head.Document != nil {
		if _, err := o.openDocument(ctx); err != nil {
			return r, err
		}
	} else if _, _, err := o.unlock(ctx); err != nil {
		return r, err
	}
	r.Outcome, r.Proved = outcome, true
	return r, nil
}

// sampled verifies an object to which nothing is done, if the batch verifies it.
func (o *object) sampled(ctx context.Context, head ops.Head, r batch.Result) (batch.Result, error) {
	if !chosen(o.w.Spec.Sample, o.w.Spec.Manifest, o.entry.Name) {
		return r, nil
	}
	return o.verify(ctx, head, r.Outcome)
}

// chosen reports whether a sample has an object: always the same ones of a manifest, others of another.
func chosen(s batch.Sample, manifest, name string) bool {
	if s.All || s.Share <= 0 {
		return s.All
	}
	h := fnv.New64a()
	h.Write([]byte(manifest + "\x00" + name))
	const fine = 1 << 20
	return h.Sum64()>>44 < uint64(s.Share*fine)
}
