package work

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/ops/keys"
	"kmsplan.dev/kmsplan/internal/safety"
)

// object is one object at work.
type object struct {
	w      *Worker
	entry  batch.Entry
	handle source.Handle
	read   int64
	said   batch.Result        // what its header said it is under; the zero value = it was not read
	begin  *envelope.Beginning // once it is read; nil = a document
}

// ReadAt reads of the object and counts.
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.handle.ReadAt(p, off)
	o.read += int64(n)
	return n, err
}

func (o *object) size() int64 { return o.handle.Object().Size }

// reader reads the object from its beginning.
func (o *object) reader() io.Reader { return io.NewSectionReader(o, 0, o.size()) }

// content reads a small object whole.
func (o *object) content() ([]byte, error) {
	all, err := io.ReadAll(o.reader())
	return all, of(batch.ClassStore, "read", err)
}

// Seen is what a plan sees of an object: its entry and what its header says.
type Seen struct {
	batch.Entry
	Envelope bool
	// Wrap tells one wrapped data key from another: objects of one cost one opening together.
	Wrap [8]byte
	// There says that nothing is to do: it is under the target.
	There bool
}

// See reads an object's header, without keys and without proof.
func See(h source.Handle, t batch.Target) (Seen, error) {
	at := h.Object()
	s := Seen{Entry: batch.Entry{Name: at.Name, Size: at.Size, Modified: at.Modified, Revision: at.Revision}}
	head, err := ops.ReadHead(h, at.Size)
	switch {
	case errors.Is(err, envelope.ErrNotEnvelope):
		return s, nil
	case err != nil:
		return s, err
	}
	s.Envelope, s.Commitment = true, commitment(head)
	s.There = keys.Under(head, t.KeyID, t.Version) && !head.Interrupted
	for i, k := range head.KMSStanzas() {
		if id := keys.KeyID(k.KeyARN); i == 0 || id == t.KeyID {
			s.KeyID, s.KeyVersion = id, k.KeyVersionID
		}
		if i == 0 {
			sum := sha256.Sum256(k.Blob)
			s.Wrap = [8]byte(sum[:8])
		}
	}
	return s, nil
}

// commitment is enough of a body's commitment to tell one content of an object from the next.
func commitment(h ops.Head) string { return shortened(h.Commitment) }

func shortened(c [32]byte) string { return base64.RawURLEncoding.EncodeToString(c[:9]) }

// planned reports whether an object has the content that a plan saw, which an earlier version may have made.
func planned(h ops.Head, entry string) bool {
	return slices.ContainsFunc(h.Commitments(), func(c [32]byte) bool { return shortened(c) == entry })
}

func (o *object) work(ctx context.Context) (batch.Result, error) {
	head, begin, err := ops.ReadBeginning(o, o.size())
	o.begin = begin
	plain := errors.Is(err, envelope.ErrNotEnvelope)
	switch {
	case plain && o.w.Spec.Action == batch.Encrypt:
		return o.encrypt(ctx)
	case plain:
		return batch.Result{}, errPlain(err)
	case err != nil:
		return batch.Result{}, of(batch.ClassDamaged, "read the header", err)
	}
	o.said = o.under(head)
	if !safety.Off(safety.TargetSkipped) {
		if r, ok := o.there(head); ok {
			return o.sampled(ctx, head, r)
		}
	}
	switch o.w.Spec.Action {
	case batch.Rewrap:
		return o.rewrap(ctx, head)
	case batch.Reencrypt:
		return o.reencrypt(ctx, head)
	}
	return o.verify(ctx, head, batch.Opened)
}

// there reports whether nothing is to do: the header says so, and costs no call.
func (o *object) there(h ops.Head) (batch.Result, bool) {
	t := o.w.Spec.Target
	r := o.under(h)
	at := keys.Under(h, t.KeyID, t.Version)
	later := r.KeyID == t.KeyID && slices.Contains(o.w.Later, r.KeyVersion) || o.w.Keys.Reached(h, o.w.target())
	switch o.w.Spec.Action {
	case batch.Verify:
		return r, false
	case batch.Encrypt: // it is an envelope
		r.Outcome = batch.Already
		return r, true
	case batch.Reencrypt:
		if o.entry.Commitment == "" || planned(h, o.entry.Commitment) {
			return r, false
		}
		later = later || r.KeyID == t.KeyID && r.KeyVersion != o.entry.KeyVersion // encrypted anew since the plan
	case batch.Rewrap:
		if h.Interrupted {
			return r, false
		}
	}
	if at {
		r.Outcome = batch.Already
	} else {
		r.Outcome = batch.Newer
	}
	return r, at || later
}

// under is a result that says under which key version the object is: the target's, where it is under several.
func (o *object) under(h ops.Head) batch.Result {
	r := batch.Result{Revision: o.handle.Object().Revision}
	for i, k := range h.KMSStanzas() {
		if id := keys.KeyID(k.KeyARN); i == 0 || id == o.w.Spec.Target.KeyID {
			r.KeyID, r.KeyVersion = id, k.KeyVersionID
		}
	}
	return r
}

// unlock opens the data key and proves the header by it.
func (o *object) unlock(ctx context.Context, with envelope.OpenOptions) (*envelope.Header, []byte, error) {
	h, key, err := o.begin.Unlock(ctx, with)
	return h, key, of(batch.ClassKey, "open the data key", err)
}

// replace gives the object its new content.
func (o *object) replace(ctx context.Context, c source.Content) (batch.Result, error) {
	w, err := o.handle.Replace(ctx, c)
	r := batch.Result{Outcome: batch.Written, Revision: w.Revision, Foreign: w.Foreign, Sent: w.Sent, Copied: w.Copied}
	if errors.Is(err, errUnproved) {
		return r, of(batch.ClassUnproved, "prove", err)
	}
	return r, of(batch.ClassStore, "write", err)
}

// wrapped fills in what a new wrap says, once it stands there.
func wrapped(r batch.Result, s envelope.KMSStanza) batch.Result {
	r.KeyID, r.KeyVersion, r.Proved = keys.KeyID(s.KeyARN), s.KeyVersionID, true
	return r
}

// firstKMS is the wrap of a data key that was made here.
func firstKMS(stanzas []*envelope.Stanza) (envelope.KMSStanza, error) {
	of := envelope.KMSStanzasOf(stanzas)
	if len(of) == 0 {
		return envelope.KMSStanza{}, fmt.Errorf("the data key has no wrap of KMS")
	}
	return of[0], nil
}
