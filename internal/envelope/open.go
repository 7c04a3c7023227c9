package envelope

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
	"kmsplan.dev/kmsplan/internal/safety"
)

// OpenOptions say with what and as what an envelope is opened.
type OpenOptions struct {
	// Identities unwrap the data key; the first that can does.
	Identities []Identity
	// DataKey is used instead, if it is set.
	DataKey []byte
	// Context, if not nil, must equal the file's, or ErrWrongContext is given
	// before any identity is asked.
	Context Context
	// Workers is how many cores WriteTo, and so io.Copy, may use; 0 is 1.
	Workers int
}

// Expects gives ErrWrongContext where another context than a file's is expected.
func (o OpenOptions) Expects(c Context) error {
	if o.Context != nil && !o.Context.Equal(c) && !safety.Off(safety.ExpectedContext) {
		return ErrWrongContext
	}
	return nil
}

// Reader decrypts an envelope. Every byte it returns has been authenticated;
// that the file is whole is known only at io.EOF.
type Reader struct {
	body   *cobblestone.Reader
	header *Header
}

// ReadHeader reads what an envelope says of itself, without keys and without
// proof. It reads no further than it must to find the body's start, plus a
// buffer's length.
func ReadHeader(r io.Reader) (*Header, error) {
	h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	return h.headers[0], nil
}

// Unlock reads an envelope's header, unwraps the data key and proves both.
func Unlock(ctx context.Context, r io.Reader, o OpenOptions) (*Header, []byte, error) {
	h, err := readHead(r)
	if err != nil {
		return nil, nil, err
	}
	return h.unlock(ctx, o)
}

// Beginning is what stands before an envelope's body: for who reads it once, looks what it says, and then goes on.
type Beginning struct{ head *head }

// ReadBeginning reads as much as [ReadHeader].
func ReadBeginning(r io.Reader) (*Beginning, error) {
	h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	return &Beginning{h}, nil
}

// Header is what [ReadHeader] gives of it: nothing of it is proved.
func (b *Beginning) Header() *Header { return b.head.headers[0] }

// Unlock unwraps the data key, and proves it and the header, as the function of that name does.
func (b *Beginning) Unlock(ctx context.Context, o OpenOptions) (*Header, []byte, error) {
	return b.head.unlock(ctx, o)
}

// Open opens the envelope that r begins with; it ends where r does.
func Open(ctx context.Context, r io.Reader, o OpenOptions) (*Reader, error) {
	h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	hdr, dataKey, err := h.unlock(ctx, o)
	if err != nil {
		return nil, err
	}
	bound, err := bodyContext(hdr.Suite, hdr.Context)
	if err != nil {
		return nil, err
	}
	rest := io.MultiReader(bytes.NewReader(h.raw[h.body:]), r)
	body, err := cobblestone.NewReader(rest, hdr.Suite.body(), dataKey, bound, o.Workers)
	if err != nil {
		return nil, fmt.Errorf("opening the body: %w", err)
	}
	return &Reader{body: body, header: hdr}, nil
}

// unlock finds the header that holds: the highest generation whose MAC is
// right under the key that it wraps. The first header's failure is reported.
func (h *head) unlock(ctx context.Context, o OpenOptions) (*Header, []byte, error) {
	var first error
	for _, hdr := range h.headers {
		key, err := hdr.unlock(ctx, o)
		if err == nil || safety.Off(safety.HostileSlot) {
			return hdr, key, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, nil, first
}

func (h *Header) unlock(ctx context.Context, o OpenOptions) ([]byte, error) {
	if err := o.Expects(h.Context); err != nil {
		return nil, err
	}
	key := o.DataKey
	if key == nil {
		var err error
		if key, err = h.unwrap(ctx, o.Identities); err != nil {
			return nil, err
		}
	}
	if err := h.verify(key); err != nil {
		return nil, err
	}
	return key, nil
}

// Header is the envelope's header, proved.
func (r *Reader) Header() *Header { return r.header }

// Read gives authenticated plaintext, at most 16 KiB at a time.
func (r *Reader) Read(p []byte) (int, error) { return r.body.Read(p) }

// WriteTo writes the rest of the plaintext to w, on as many cores as
// OpenOptions.Workers.
func (r *Reader) WriteTo(w io.Writer) (int64, error) { return r.body.WriteTo(w) }

// Verify authenticates a whole envelope and gives its header and plaintext
// length. The plaintext goes nowhere.
func Verify(ctx context.Context, r io.Reader, o OpenOptions) (*Header, int64, error) {
	e, err := Open(ctx, r, o)
	if err != nil {
		return nil, 0, err
	}
	n, err := e.WriteTo(io.Discard)
	return e.header, n, err
}
