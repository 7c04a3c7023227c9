package ops

import (
	"context"
	"fmt"
	"io"
	"os"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// Head is what an encrypted file says of itself: an envelope's header, or that of a document, told in its terms.
type Head struct {
	*envelope.Header
	Document *document.Header // nil = an envelope

	whole [32]byte // of a document: wholeDigest
}

// Commitments are all that a file may be recorded as: what is recorded of it now, then what earlier versions recorded.
func (h Head) Commitments() [][32]byte {
	if h.Document == nil {
		return [][32]byte{h.Commitment}
	}
	return [][32]byte{h.Commitment, h.whole}
}

// RecordedAs reports whether a commitment of a census is of this file.
func (h Head) RecordedAs(commitment string) bool {
	return recordedAs(h.Commitments(), commitment)
}

// ReadHead reads the header of an encrypted file of n bytes, without keys and without proof.
func ReadHead(r io.ReaderAt, n int64) (Head, error) {
	h, _, err := ReadBeginning(r, n)
	return h, err
}

// ReadBeginning is ReadHead for who goes on with the envelope: its beginning is read once. A document has none.
func ReadBeginning(r io.ReaderAt, n int64) (Head, *envelope.Beginning, error) {
	doc, err := documentIn(r, n)
	if err != nil {
		return Head{}, nil, err
	}
	if doc != nil {
		h, err := documentHead(doc)
		return h, nil, err
	}
	b, err := envelope.ReadBeginning(io.NewSectionReader(r, 0, n))
	if err != nil {
		return Head{}, nil, err
	}
	return Head{Header: b.Header()}, b, nil
}

func documentHead(doc []byte) (Head, error) {
	h, c, err := document.ReadCommitted(doc)
	if err != nil {
		return Head{}, err
	}
	return Head{Document: h, whole: wholeDigest(doc), Header: &envelope.Header{
		Suite: h.Suite, Generation: h.Generation, Context: h.Context, Stanzas: h.Stanzas, Commitment: c,
	}}, nil
}

// fits reports whether a file of that size can hold a plaintext of that length. A document's says nothing of it.
func (h Head) fits(size, plaintext int64) bool {
	return h.Document != nil || size == h.SealedSize(plaintext)
}

// Format is what a file's values are sealed in, or "" for an envelope.
func (h Head) Format() string {
	if h.Document == nil {
		return ""
	}
	return h.Document.Format
}

// PlaintextSize is an envelope's; a document's is known only when it is opened.
func (h Head) PlaintextSize(n int64) (int64, error) {
	if h.Document != nil {
		return 0, fmt.Errorf("a document's plaintext has no known length")
	}
	return h.Header.PlaintextSize(n)
}

// sealedAs reports whether a file is encrypted in the form that a block wants: as a whole, or value by value by the
// same rules.
func (h Head) sealedAs(v *Values) bool {
	if v == nil || h.Document == nil {
		return v == nil && h.Document == nil
	}
	return (v.Format == "" || v.Format == h.Document.Format) && v.Rules.Equal(h.Document.Rules)
}

// Inspect reads what an encrypted file says of itself, and its size in bytes. Nothing is called and nothing
// proved.
func Inspect(source string) (Head, int64, error) {
	from, err := at(source)
	if err != nil {
		return Head{}, 0, err
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return Head{}, 0, err
	}
	defer f.Close()
	h, err := ReadHead(f, info.Size())
	if err != nil {
		return Head{}, 0, fmt.Errorf("inspect %s: %w", from, err)
	}
	return h, info.Size(), nil
}

// InspectStream is Inspect for what cannot be read twice; it is put aside, encrypted as it is.
func InspectStream(r io.Reader) (Head, int64, error) {
	spool, n, err := putAside(context.Background(), r)
	if err != nil {
		return Head{}, 0, err
	}
	defer spool.Close()
	h, err := ReadHead(spool, n)
	return h, n, err
}
