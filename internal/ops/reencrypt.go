package ops

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Anew says under what files are encrypted anew. What a file says of itself stays: suite, context, and a document's rules.
type Anew struct {
	Gateway    string   // gateway block; "" = the default
	Key        string   // id, alias or ARN; "" = the file's own
	Recipients []string // age1…
	// Drop allows that who could open the file besides under one KMS key, cannot any more.
	Drop  bool
	Scope Scope
	// Done says that a file of this commitment was encrypted anew before; nil = none was.
	Done func(commitment [32]byte) bool
}

// Reencrypt encrypts a file anew, whole and in its place, under a data key that never sealed anything: what a leaked
// data key opened, the file is no longer. The new content is read back from the disk and held against the old
// plaintext, byte for byte, before it takes the old one's place. It reports false where Done knows the file.
//
// Mode and owner stay. A file with several names is refused: the others would keep the old content.
func (e *Engine) Reencrypt(ctx context.Context, path string, a Anew, p Progress) (Envelope, bool, error) {
	at, err := at(path)
	if err != nil {
		return Envelope{}, false, err
	}
	defer at.close()
	got, changed, err := e.reencrypt(ctx, at, a, p)
	if err != nil {
		return Envelope{}, false, fmt.Errorf("reencrypt %s: %w", path, err)
	}
	return got, changed, nil
}

func (e *Engine) reencrypt(ctx context.Context, p place, a Anew, progress Progress) (Envelope, bool, error) {
	f, info, _, err := e.holdEnvelope(ctx, p)
	if err != nil {
		return Envelope{}, false, err
	}
	defer f.Close()
	if durable.ManyNames(durable.Links(info)) {
		return Envelope{}, false, fmt.Errorf("it has %d names (hard links); make a copy under one name and encrypt that anew", durable.Links(info))
	}
	h, err := ReadHead(f, info.Size())
	if err != nil {
		return Envelope{}, false, err
	}
	if a.Done != nil && a.Done(h.Commitment) {
		return describe(p.full(), h.Header), false, nil
	}
	use, err := a.use(h)
	if err != nil {
		return Envelope{}, false, err
	}
	out, err := e.output(p, func(fs.FileInfo) durable.Attributes { return durable.AttributesOf(info) })
	if err != nil {
		return Envelope{}, false, err
	}
	defer out.Abort()
	w := anewWriter{e, p, f, info, out, use, progress}
	got, err := w.write(ctx, h)
	if err != nil {
		return Envelope{}, false, err
	}
	if err := unchanged(p, f, info, info.Size()); err != nil {
		return Envelope{}, false, err
	}
	recipients := recipientsDigest(a.Recipients)
	got.Before = &Before{h.Commitments(), &recipients}
	return got, true, out.Commit()
}

// use is what a file is sealed under: as it is, but for what was asked for. It refuses to lock anybody out silently.
func (a Anew) use(h Head) (Seal, error) {
	s := Seal{Gateway: a.Gateway, Key: a.Key, Context: h.Context, Suite: h.Suite, Recipients: a.Recipients, Scope: a.Scope, Again: true}
	of := h.KMSStanzas()
	if s.Key == "" && len(of) != 1 {
		return s, fmt.Errorf("it has %d KMS keys; say with -key under which one it is encrypted anew", len(of))
	}
	if s.Key == "" {
		s.Key = of[0].KeyARN
	}
	if a.Drop || safety.Off(safety.NobodyLockedOut) {
		return s, nil
	}
	if others := len(h.Stanzas) - len(of); others > 0 && len(a.Recipients) == 0 {
		return s, fmt.Errorf("it also opens with %d identities that are no KMS key, and its header does not say whose: name them with -recipient, or say -drop-recipients", others)
	}
	if len(of) > 1 {
		return s, fmt.Errorf("it opens under %d KMS keys, and would open under one; say -drop-recipients if it should", len(of))
	}
	return s, nil
}

// anewWriter writes one file's content anew, beside it.
type anewWriter struct {
	e        *Engine
	at       place
	f        *os.File
	info     fs.FileInfo
	out      *output
	use      Seal
	progress Progress
}

func (w anewWriter) write(ctx context.Context, h Head) (Envelope, error) {
	if h.Document != nil {
		return w.document(ctx, h.Document)
	}
	return w.envelope(ctx)
}

func (w anewWriter) document(ctx context.Context, h *document.Header) (Envelope, error) {
	src, err := io.ReadAll(io.NewSectionReader(w.f, 0, w.info.Size()))
	if err != nil {
		return Envelope{}, err
	}
	d, err := w.e.openDocument(ctx, src, Unseal{})
	if err != nil {
		return Envelope{}, err
	}
	format, err := document.ByName(h.Format)
	if err != nil {
		return Envelope{}, err
	}
	key, err := w.e.keys.DataKey(ctx, w.use.use(), w.use.Scope, w.at.full(), int64(len(d.Plain)))
	if err != nil {
		return Envelope{}, err
	}
	defer key.Release()
	doc, next, err := document.Seal(d.Plain, document.Options{
		Format: format, Suite: h.Suite, Context: h.Context, Rules: h.Rules, DataKey: key.Key, Stanzas: key.Stanzas,
	})
	if err != nil {
		return Envelope{}, err
	}
	if _, err := w.out.Write(doc); err != nil {
		return Envelope{}, err
	}
	back, err := io.ReadAll(io.NewSectionReader(w.out.file.OS(), 0, int64(len(doc))+1))
	if err != nil {
		return Envelope{}, fmt.Errorf("read what was written: %w", err)
	}
	proved, err := document.Open(ctx, back, envelope.OpenOptions{DataKey: key.Key})
	if err := notAsBefore(err, err == nil && bytes.Equal(proved.Plain, d.Plain)); err != nil {
		return Envelope{}, err
	}
	return describeDocument(w.at.full(), next, doc, int64(len(d.Plain))), nil
}

func (w anewWriter) envelope(ctx context.Context) (Envelope, error) {
	opened, err := envelope.Open(ctx, io.NewSectionReader(w.f, 0, w.info.Size()), envelope.OpenOptions{
		Identities: w.e.identities(), Workers: w.e.workersFor(w.info.Size()),
	})
	if err != nil {
		return Envelope{}, err
	}
	size, err := opened.Header().PlaintextSize(w.info.Size())
	if err != nil {
		return Envelope{}, err
	}
	key, err := w.e.keys.DataKey(ctx, w.use.use(), w.use.Scope, w.at.full(), size)
	if err != nil {
		return Envelope{}, err
	}
	defer key.Release()
	sealed := &watched{ctx: ctx, w: w.out}
	sealer, err := envelope.Seal(ctx, sealed, envelope.Options{
		Suite: w.use.Suite, Context: w.use.Context, DataKey: key.Key, Stanzas: key.Stanzas, Size: size, Workers: w.e.workersFor(size),
	})
	if err != nil {
		return Envelope{}, err
	}
	plain := &watched{ctx: ctx, w: sealer, h: sha256.New(), total: size, progress: w.progress}
	if _, err := opened.WriteTo(plain); err != nil {
		return Envelope{}, err
	}
	if err := sealer.Close(); err != nil {
		return Envelope{}, err
	}
	if err := w.proveEnvelope(ctx, key.Key, sealed.n, plain.sum()); err != nil {
		return Envelope{}, err
	}
	got := describe(w.at.full(), sealer.Header())
	got.Plaintext, got.Sealed, got.Source = plain.n, sealed.n, plain.sum()
	return got, nil
}

// proveEnvelope reads what was written back, to its last byte.
func (w anewWriter) proveEnvelope(ctx context.Context, key []byte, n int64, want [32]byte) error {
	opened, err := envelope.Open(ctx, io.NewSectionReader(w.out.file.OS(), 0, n), envelope.OpenOptions{DataKey: key, Workers: w.e.workersFor(n)})
	if err != nil {
		return notAsBefore(err, false)
	}
	back := &watched{ctx: ctx, w: io.Discard, h: sha256.New()}
	_, err = opened.WriteTo(back)
	return notAsBefore(err, back.sum() == want)
}

// notAsBefore refuses a new content that does not open to the old plaintext.
func notAsBefore(err error, same bool) error {
	if safety.Off(safety.AnewProved) || err == nil && same {
		return nil
	}
	return errors.Join(errors.New("what was written anew does not open to what it was made of, so the old file stays"), err)
}
