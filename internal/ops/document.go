package ops

import (
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
	"kmsplan.dev/kmsplan/internal/ops/keys"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Values say that a file's values are sealed one by one, and which.
type Values struct {
	Format string // yaml, json, …; "" = what name and content say
	Rules  document.Rules
}

func (v Values) format(name string, content []byte) (document.Format, error) {
	if v.Format != "" {
		return document.ByName(v.Format)
	}
	return document.ByFile(name, content)
}

// encryptDocument seals the values of source into output, which may be source: then InPlace says so. An output that
// is a document of the same context already keeps the ciphertext of every value that did not change.
func (e *Engine) encryptDocument(ctx context.Context, from, to place, s Seal) (Envelope, error) {
	src, info, err := readDocument(from, document.MaxSize)
	if err != nil {
		return Envelope{}, err
	}
	same := sameFile(from, to)
	if same && !s.InPlace {
		return Envelope{}, fmt.Errorf("%s would be encrypted over itself; name another output, or say -in-place", from)
	}
	var old []byte
	if !same {
		old, _, _ = readDocument(to, document.MaxSealed) // what cannot be read cannot be gone on with, and is replaced or refused below
	}
	out, err := e.output(to, envelopeAttributes(info))
	if err != nil {
		return Envelope{}, err
	}
	defer out.Abort()
	doc, h, anew, err := e.sealDocument(ctx, from.String(), to.full(), src, old, s)
	if errors.Is(err, ErrEdited) {
		return Envelope{}, fmt.Errorf("encrypt %s: %s: %w", from, to, err)
	}
	if err != nil {
		return Envelope{}, fmt.Errorf("encrypt %s: %w", from, err)
	}
	if _, err := out.Write(doc); err != nil {
		return Envelope{}, err
	}
	if err := sourceAtRest(from, info); err != nil {
		return Envelope{}, err
	}
	release, err := holdForReplacing(ctx, to, e.patience)
	if err != nil {
		return Envelope{}, err
	}
	defer release()
	got := describeDocument(to.full(), h, doc, int64(len(src)))
	got.Anew = anew
	if s.Digest {
		got.Source = sha256.Sum256(src)
	}
	return got, out.Commit()
}

// encryptDocumentStream seals the values of what cannot be read twice. name may say the format.
func (e *Engine) encryptDocumentStream(ctx context.Context, w io.Writer, r io.Reader, name string, s Seal) (Envelope, error) {
	src, err := io.ReadAll(io.LimitReader(&watched{ctx: ctx, r: r}, document.MaxSize+1))
	if err != nil {
		return Envelope{}, err
	}
	doc, h, _, err := e.sealDocument(ctx, name, name, src, nil, s)
	if err != nil {
		return Envelope{}, err
	}
	if _, err := w.Write(doc); err != nil {
		return Envelope{}, err
	}
	return describeDocument(name, h, doc, int64(len(src))), nil
}

// sealDocument seals the values of src. shown names it, and may say its format; name decides which files share a
// data key under a scope. old, if it is a document of the same format, suite and context, is gone on with: its data
// key stays, under the key's primary version, and the values that did not change keep their ciphertext. anew says why
// it is not, where that is a surprise.
func (e *Engine) sealDocument(ctx context.Context, shown, name string, src, old []byte, s Seal) (doc []byte, h *document.Header, anew string, err error) {
	if what := encryptedAs(src); what != "" && !s.Again {
		return nil, nil, "", encryptedError{what}
	}
	if document.Is(src) {
		return nil, nil, "", fmt.Errorf("it is a document whose values are sealed already; kmsplan edit changes them: %w", ErrEncrypted)
	}
	f, err := s.Values.format(shown, src)
	if err != nil {
		return nil, nil, "", err
	}
	d, anew, err := e.onto(ctx, old, f, src, s)
	if err != nil {
		return nil, nil, "", err
	}
	if d != nil {
		stanzas, err := e.keys.Recipients(ctx, d.DataKey, d.Header, s.use())
		if err != nil {
			return nil, nil, "", err
		}
		if !fewer(d.Header.Stanzas, stanzas) || safety.Off(safety.DocumentFresh) {
			doc, h, err = d.UpdateFor(src, s.Values.Rules, stanzas)
			return doc, h, "", err
		}
		anew = "it is for other recipients now, and who could open it has its data key"
	}
	key, err := e.keys.DataKey(ctx, s.use(), s.Scope, name, int64(len(src)))
	if err != nil {
		return nil, nil, "", err
	}
	defer key.Release()
	doc, h, err = document.Seal(src, document.Options{
		Format: f, Suite: s.Suite, Context: s.Context, Rules: s.Values.Rules, DataKey: key.Key, Stanzas: key.Stanzas,
	})
	return doc, h, anew, err
}

// rewrapDocument is rewrap for a document. The file is small and is rewritten whole.
func (e *Engine) rewrapDocument(ctx context.Context, p place, f *os.File, info fs.FileInfo, src []byte, t Target) (Envelope, bool, error) {
	h, err := document.Read(src)
	if err != nil {
		return Envelope{}, false, err
	}
	stay := func(h *document.Header) (Envelope, bool, error) {
		return describeDocument(p.full(), h, src, 0), false, nil
	}
	if keys.Under(h, KeyID(t.Key), t.Version) {
		return stay(h)
	}
	d, err := document.Open(ctx, src, envelope.OpenOptions{Identities: e.identities()})
	if err != nil {
		return Envelope{}, false, err
	}
	if e.keys.Reached(h, t) {
		return stay(h)
	}
	fresh, err := e.keys.Rewrap(ctx, d.DataKey, h.Context, t)
	if err != nil {
		return Envelope{}, false, err
	}
	if keys.Under(h, KeyID(fresh.KeyARN), fresh.KeyVersionID) {
		return stay(h)
	}
	stanzas, err := keys.Replace(h.Stanzas, fresh)
	if err != nil {
		return Envelope{}, false, err
	}
	doc, next, err := d.Rewrap(stanzas)
	if err != nil {
		return Envelope{}, false, err
	}
	if err := e.replaceWhole(p, f, info, doc); err != nil {
		return Envelope{}, false, err
	}
	got := describeDocument(p.full(), next, doc, int64(len(d.Plain)))
	got.Before = &Before{commitments: [][32]byte{got.Commitment, wholeDigest(src)}}
	return got, true, nil
}

// replaceWhole puts new content in the place of a file that is held; mode, owner and mtime stay.
func (e *Engine) replaceWhole(p place, f *os.File, info fs.FileInfo, content []byte) error {
	out, err := e.output(p, func(fs.FileInfo) durable.Attributes {
		attr := durable.AttributesOf(info)
		attr.ModTime = info.ModTime()
		return attr
	})
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := out.Write(content); err != nil {
		return err
	}
	if err := unchanged(p, f, info, info.Size()); err != nil {
		return err
	}
	return out.Commit()
}

// openDocument opens a document of n bytes and proves it.
func (e *Engine) openDocument(ctx context.Context, src []byte, u Unseal) (*document.Document, error) {
	return document.Open(ctx, src, envelope.OpenOptions{Identities: e.identities(), Context: u.Context})
}

// decryptDocument writes a document's plaintext to w, after all of it was proved.
func (e *Engine) decryptDocument(ctx context.Context, w io.Writer, src []byte, name string, u Unseal) (Envelope, error) {
	d, err := e.openDocument(ctx, src, u)
	if err != nil {
		return Envelope{}, err
	}
	if _, err := w.Write(d.Plain); err != nil {
		return Envelope{}, err
	}
	got := describeDocument(name, d.Header, src, int64(len(d.Plain)))
	if u.Digest {
		got.Source = sha256.Sum256(d.Plain)
	}
	return got, nil
}

// describeDocument fills what a document's header says.
func describeDocument(path string, h *document.Header, doc []byte, plaintext int64) Envelope {
	e := Envelope{
		Path: path, Suite: h.Suite, Context: h.Context, Commitment: documentCommitment(doc), Generation: h.Generation,
		Format: h.Format, Plaintext: plaintext, Sealed: int64(len(doc)),
	}
	if k := h.KMSStanzas(); len(k) > 0 {
		e.KeyARN, e.KeyVersion = k[0].KeyARN, k[0].KeyVersionID
	}
	return e
}

// readDocument reads a regular file of at most limit bytes that may be sealed value by value, or is.
func readDocument(p place, limit int64) ([]byte, fs.FileInfo, error) {
	f, info, err := openRegular(p, os.O_RDONLY)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, nil, fmt.Errorf("%s has %d bytes, too many to be sealed value by value (at most %d); encrypt it whole, without -values", p, info.Size(), limit)
	}
	src, err := io.ReadAll(io.NewSectionReader(f, 0, info.Size()+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", p, err)
	}
	if err := unchanged(p, f, info, int64(len(src))); err != nil {
		return nil, nil, err
	}
	return src, info, nil
}

// sourceAtRest refuses a source that was written to or replaced since it was read.
func sourceAtRest(p place, before fs.FileInfo) error {
	f, info, err := openRegular(p, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	if !os.SameFile(info, before) {
		return fmt.Errorf("%s changed while it was read; try again when it is at rest", p)
	}
	return unchanged(p, f, before, before.Size())
}

// documentIn gives the content of a file that is a document, or nil. One that is longer than a document may be is refused.
func documentIn(r io.ReaderAt, n int64) ([]byte, error) {
	first := make([]byte, envelope.Recognizable)
	got, err := r.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if envelope.Recognize(first[:got]) {
		return nil, nil
	}
	if n > document.MaxSealed {
		return nil, tooLongDocument(r, n)
	}
	src, err := io.ReadAll(io.NewSectionReader(r, 0, n))
	if err != nil || !document.Is(src) {
		return nil, err
	}
	return src, nil
}
