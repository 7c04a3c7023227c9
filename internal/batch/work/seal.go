package work

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/ops/keys"
	"kmsplan.dev/kmsplan/internal/safety"
)

// errUnproved says that what was made does not open to what it was made of.
var errUnproved = errors.New("what was encrypted does not open to what it was made of, so the old content stays")

// inMemory is the plaintext size up to which an object is sealed in memory, bytes.
const inMemory = 1 << 20

// encrypt makes an envelope of a plain object.
func (o *object) encrypt(ctx context.Context) (batch.Result, error) {
	s := o.w.Spec
	use := keys.Use{Gateway: s.Target.Gateway, Key: o.w.target().Key, Context: s.Context, Recipients: s.Recipients}
	return o.seal(ctx, use, o.reader(), o.size())
}

// reencrypt seals the object anew under a fresh data key: as it is, but for the key. Who else could open it must be named.
func (o *object) reencrypt(ctx context.Context, head ops.Head) (batch.Result, error) {
	s := o.w.Spec
	if others := len(head.Stanzas) - len(head.KMSStanzas()); others > 0 && len(s.Recipients) == 0 {
		return batch.Result{}, of(batch.ClassKey, "reencrypt", errors.New("it also opens with identities that are no KMS key, and its header does not say whose: name them in recipients"))
	}
	if len(head.KMSStanzas()) > 1 {
		return batch.Result{}, of(batch.ClassKey, "reencrypt", errors.New("it opens under several KMS keys, and would open under one; use rewrap"))
	}
	use := keys.Use{Gateway: s.Target.Gateway, Key: o.w.target().Key, Context: head.Context, Suite: head.Suite, Recipients: s.Recipients}
	if head.Document != nil {
		return o.reencryptDocument(ctx, use)
	}
	opened, err := envelope.Open(ctx, o.reader(), o.w.opening())
	if err != nil {
		return batch.Result{}, of(batch.ClassKey, "open the envelope", err)
	}
	size, err := opened.Header().PlaintextSize(o.size())
	if err != nil {
		return batch.Result{}, of(batch.ClassDamaged, "open the envelope", err)
	}
	return o.seal(ctx, use, opened, size)
}

func (o *object) dataKey(ctx context.Context, use keys.Use, size int64) (*keys.DataKey, envelope.KMSStanza, error) {
	key, err := o.w.Keys.DataKey(ctx, use, keys.Scope(o.w.Spec.Scope), o.entry.Name, size)
	if err != nil {
		return nil, envelope.KMSStanza{}, of(batch.ClassKMS, "get a data key", err)
	}
	first, err := firstKMS(key.Stanzas)
	return key, first, of(batch.ClassKMS, "get a data key", err)
}

// seal writes plain as an envelope in the object's place. What was sealed is opened again on its way, and its end leaves
// only when that gave back the plaintext.
func (o *object) seal(ctx context.Context, use keys.Use, plain io.Reader, size int64) (batch.Result, error) {
	key, wrap, err := o.dataKey(ctx, use, size)
	if err != nil {
		return batch.Result{}, err
	}
	defer key.Release()
	s := &sealing{ctx: ctx, key: key, use: use, plain: plain, size: size, corrupt: o.w.corrupt}
	var r batch.Result
	if size <= inMemory {
		var sealed bytes.Buffer
		if err := s.into(&sealed); err != nil {
			return r, err
		}
		r, err = o.replace(ctx, source.Content{Head: bytes.NewReader(sealed.Bytes()), Size: int64(sealed.Len()), Keep: -1})
	} else {
		r, err = o.replaceStreaming(ctx, s)
	}
	return wrapped(r, wrap), err
}

// replaceStreaming gives the store the envelope while it is made.
func (o *object) replaceStreaming(ctx context.Context, s *sealing) (batch.Result, error) {
	out, in := io.Pipe()
	made := make(chan struct{})
	go func() {
		defer close(made)
		in.CloseWithError(s.into(in))
	}()
	r, err := o.replace(ctx, source.Content{Head: out, Size: -1, Keep: -1})
	out.CloseWithError(errors.New("the store stopped reading"))
	<-made
	var failed stage
	if errors.As(s.err, &failed) && err != nil {
		err = s.err // why the store was given no end
	}
	return r, err
}

// sealing is one object being sealed and proved.
type sealing struct {
	ctx   context.Context
	key   *keys.DataKey
	use   keys.Use
	plain io.Reader
	size  int64
	err   error

	corrupt func([]byte) []byte
}

// into writes the envelope; its last bytes when it is proved.
func (s *sealing) into(w io.Writer) error {
	s.err = s.write(&held{w: w})
	return s.err
}

func (s *sealing) write(end *held) error {
	proofs := newProof(s.ctx, s.key.Key)
	defer proofs.stop()
	sealer, err := envelope.Seal(s.ctx, through{io.MultiWriter(proofs, end), s.corrupt}, envelope.Options{
		Suite: s.use.Suite, Context: s.use.Context, DataKey: s.key.Key, Stanzas: s.key.Stanzas, Size: s.size,
	})
	if err != nil {
		return of(batch.ClassKMS, "seal", err)
	}
	sum := sha256.New()
	n, err := io.Copy(sealer, io.TeeReader(s.plain, sum))
	if err != nil {
		return of(batch.ClassStore, "read", err)
	}
	if n != s.size {
		return of(batch.ClassChanged, "read", source.ErrChanged)
	}
	if err := sealer.Close(); err != nil {
		return of(batch.ClassStore, "seal", err)
	}
	if err := proofs.same(sum); err != nil {
		return of(batch.ClassUnproved, "prove", errors.Join(errUnproved, err))
	}
	return end.release()
}

// through is a writer whose bytes a test may corrupt.
type through struct {
	io.Writer
	corrupt func([]byte) []byte
}

func (t through) Write(p []byte) (int, error) {
	if t.corrupt != nil {
		p = t.corrupt(p)
	}
	return t.Writer.Write(p)
}

// proof opens what is written to it and digests what comes out.
type proof struct {
	*io.PipeWriter
	done chan struct{}
	sum  hash.Hash // nil = nothing is proved
	err  error
}

func newProof(ctx context.Context, key []byte) *proof {
	out, in := io.Pipe()
	p := &proof{PipeWriter: in, done: make(chan struct{}), sum: sha256.New()}
	go func() {
		defer close(p.done)
		if safety.Off(safety.BatchProved) {
			_, _ = io.Copy(io.Discard, out)
			p.sum = nil
			return
		}
		opened, err := envelope.Open(ctx, out, envelope.OpenOptions{DataKey: key})
		if err == nil {
			_, err = opened.WriteTo(p.sum)
		}
		p.err = err
		out.CloseWithError(errors.Join(errUnproved, err))
	}()
	return p
}

// same ends the proof and holds it against the plaintext's digest.
func (p *proof) same(plain hash.Hash) error {
	p.Close()
	<-p.done
	if p.err == nil && p.sum != nil && !bytes.Equal(p.sum.Sum(nil), plain.Sum(nil)) {
		return errors.New("another plaintext comes out")
	}
	return p.err
}

func (p *proof) stop() { p.CloseWithError(io.ErrClosedPipe); <-p.done }

// held passes on all but the last bytes, until they are released: a store that counts bytes takes none for whole before.
type held struct {
	w    io.Writer
	last []byte
}

const heldBack = 64

func (h *held) Write(p []byte) (int, error) {
	h.last = append(h.last, p...)
	if pass := len(h.last) - heldBack; pass > 0 {
		if _, err := h.w.Write(h.last[:pass]); err != nil {
			return 0, err
		}
		h.last = append(h.last[:0], h.last[pass:]...)
	}
	return len(p), nil
}

func (h *held) release() error {
	_, err := h.w.Write(h.last)
	return err
}

func (o *object) reencryptDocument(ctx context.Context, use keys.Use) (batch.Result, error) {
	d, err := o.openDocument(ctx, o.w.opening())
	if err != nil {
		return batch.Result{}, err
	}
	key, wrap, err := o.dataKey(ctx, use, int64(len(d.Plain)))
	if err != nil {
		return batch.Result{}, err
	}
	defer key.Release()
	next, _, err := document.Seal(d.Plain, document.Options{
		Format: d.Format(), Suite: use.Suite, Context: use.Context, Rules: d.Header.Rules, DataKey: key.Key, Stanzas: key.Stanzas,
	})
	if err != nil {
		return batch.Result{}, of(batch.ClassDamaged, "seal", err)
	}
	back, err := document.Open(ctx, next, envelope.OpenOptions{DataKey: key.Key})
	if err != nil || !bytes.Equal(back.Plain, d.Plain) {
		return batch.Result{}, of(batch.ClassUnproved, "prove", errors.Join(errUnproved, err))
	}
	r, err := o.replace(ctx, source.Content{Head: bytes.NewReader(next), Size: int64(len(next)), Keep: -1})
	return wrapped(r, wrap), err
}
