package work

import (
	"bytes"
	"context"
	"errors"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// target is what wraps are asked for: KMS wraps under the primary version, which may be newer than the plan's.
func (w *Worker) target() keys.Target {
	key := w.Spec.Target.KeyARN
	if key == "" {
		key = w.Spec.Target.KeyID
	}
	return keys.Target{Gateway: w.Spec.Target.Gateway, Key: key}
}

// rewrap brings the data key under the target; the body stays.
func (o *object) rewrap(ctx context.Context, head ops.Head) (batch.Result, error) {
	if head.Document != nil {
		return o.rewrapDocument(ctx, head)
	}
	h, key, err := o.unlock(ctx, o.w.opening())
	if err != nil {
		return batch.Result{}, err
	}
	fresh, err := o.w.Keys.Rewrap(ctx, key, h.Context, o.w.target())
	if err != nil {
		return batch.Result{}, of(batch.ClassKMS, "wrap the data key", err)
	}
	if keys.Under(h, keys.KeyID(fresh.KeyARN), fresh.KeyVersionID) && !h.Interrupted {
		return o.newer(ctx, ops.Head{Header: h}) // the key rotated, and another worker was here since
	}
	stanzas, err := keys.Replace(h.Stanzas, fresh)
	if err != nil {
		return batch.Result{}, of(batch.ClassDamaged, "write the header", err)
	}
	r, err := o.exchangeHeader(ctx, h, key, stanzas)
	return wrapped(r, fresh), err
}

// exchangeHeader writes the new header: one slot of a file, or a new beginning of an object.
func (o *object) exchangeHeader(ctx context.Context, h *envelope.Header, key []byte, stanzas []*envelope.Stanza) (batch.Result, error) {
	if file, ok := o.handle.(source.InPlace); ok && h.SlotSize != 0 {
		next, err := envelope.Rewrap(file, key, stanzas)
		if !errors.Is(err, envelope.ErrNeedsRewrite) {
			if err != nil {
				return batch.Result{}, of(batch.ClassStore, "write the header", err)
			}
			return batch.Result{Outcome: batch.Written, Sent: 2 * int64(next.SlotSize)}, nil
		}
	}
	_, lead, body, err := o.begin.Lead(key, stanzas)
	if err != nil {
		return batch.Result{}, of(batch.ClassDamaged, "write the header", err)
	}
	return o.replace(ctx, source.Content{Head: bytes.NewReader(lead), Size: int64(len(lead)), Keep: body})
}

func (o *object) rewrapDocument(ctx context.Context, head ops.Head) (batch.Result, error) {
	d, err := o.openDocument(ctx, o.w.opening())
	if err != nil {
		return batch.Result{}, err
	}
	fresh, err := o.w.Keys.Rewrap(ctx, d.DataKey, d.Header.Context, o.w.target())
	if err != nil {
		return batch.Result{}, of(batch.ClassKMS, "wrap the data key", err)
	}
	if keys.Under(d.Header, keys.KeyID(fresh.KeyARN), fresh.KeyVersionID) {
		return o.newer(ctx, ops.Head{Document: d.Header, Header: head.Header})
	}
	stanzas, err := keys.Replace(d.Header.Stanzas, fresh)
	if err != nil {
		return batch.Result{}, of(batch.ClassDamaged, "write the header", err)
	}
	next, _, err := d.Rewrap(stanzas)
	if err != nil {
		return batch.Result{}, of(batch.ClassDamaged, "write the header", err)
	}
	r, err := o.replace(ctx, source.Content{Head: bytes.NewReader(next), Size: int64(len(next)), Keep: -1})
	return wrapped(r, fresh), err
}

// newer is an object whose proved header is past the target.
func (o *object) newer(ctx context.Context, proved ops.Head) (batch.Result, error) {
	r := o.under(proved)
	r.Outcome = batch.Newer
	if !chosen(o.w.Spec.Sample, o.w.Spec.Manifest, o.entry.Name) {
		return r, nil
	}
	return o.verify(ctx, proved, batch.Newer)
}

func (o *object) openDocument(ctx context.Context, with envelope.OpenOptions) (*document.Document, error) {
	src, err := o.content()
	if err != nil {
		return nil, err
	}
	d, err := document.Open(ctx, src, with)
	return d, of(batch.ClassKey, "open the document", err)
}
