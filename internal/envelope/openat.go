package envelope

import (
	"context"
	"fmt"
	"io"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

// ReaderAt gives random access to an envelope's plaintext. Several goroutines
// may use it at once.
type ReaderAt struct {
	body   *cobblestone.ReaderAt
	header *Header
}

// OpenAt opens an envelope of size bytes for random access. It authenticates
// the plaintext's length before it returns.
func OpenAt(ctx context.Context, r io.ReaderAt, size int64, o OpenOptions) (*ReaderAt, error) {
	h, dataKey, err := Unlock(ctx, io.NewSectionReader(r, 0, size), o)
	if err != nil {
		return nil, err
	}
	bound, err := bodyContext(h.Suite, h.Context)
	if err != nil {
		return nil, err
	}
	n := size - h.BodyOffset
	body, err := cobblestone.NewReaderAt(io.NewSectionReader(r, h.BodyOffset, n), n, h.Suite.body(), dataKey, bound)
	if err != nil {
		return nil, fmt.Errorf("opening the body: %w", err)
	}
	return &ReaderAt{body: body, header: h}, nil
}

// Header is the envelope's header, proved.
func (r *ReaderAt) Header() *Header { return r.header }

// Size is the plaintext's length in bytes, proved.
func (r *ReaderAt) Size() int64 { return r.body.Size() }

// ReadAt reads authenticated plaintext from off, as [io.ReaderAt] says.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) { return r.body.ReadAt(p, off) }
