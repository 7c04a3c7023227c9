package work

import (
	"context"
	"hash/fnv"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// verify opens the wrap that stands there and proves the header by it; a document is opened whole. The result says under what it is
// proved to be. Without a wrap of KMS nothing is proved of keys: who else can open it does.
func (o *object) verify(ctx context.Context, head ops.Head, outcome batch.Outcome) (batch.Result, error) {
	r := o.under(head)
	witness := o.w.Keys.Witness(o.w.Spec.Target.KeyID)
	identities := []envelope.Identity{witness}
	if len(head.KMSStanzas()) == 0 {
		identities = o.w.Identities
	}
	if err := o.open(ctx, head, identities); err != nil {
		return r, err
	}
	if s := witness.Opened; s.KeyARN != "" {
		r.KeyID, r.KeyVersion, r.Proved = keys.KeyID(s.KeyARN), s.KeyVersionID, true
	}
	r.Outcome = outcome
	return r, nil
}

// open opens an envelope's data key, or a document whole.
func (o *object) open(ctx context.Context, head ops.Head, identities []envelope.Identity) error {
	with := envelope.OpenOptions{Identities: identities}
	if head.Document != nil {
		_, err := o.openDocument(ctx, with)
		return err
	}
	_, _, err := o.unlock(ctx, with)
	return err
}

// sampled verifies an object to which nothing is done, if the batch verifies it. One that is elsewhere than its header claims is dealt
// with as the others are.
func (o *object) sampled(ctx context.Context, head ops.Head, claims batch.Result) (batch.Result, error) {
	if !chosen(o.w.Spec.Sample, o.w.Spec.Manifest, o.entry.Name) {
		return claims, nil
	}
	r, err := o.verify(ctx, head, claims.Outcome)
	if err == nil && o.w.Spec.Action == batch.Rewrap && head.Document == nil && (r.KeyID != claims.KeyID || r.KeyVersion != claims.KeyVersion) {
		return o.rewrap(ctx, head)
	}
	return r, err
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
