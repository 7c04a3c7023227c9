package ops

import (
	"context"
	"fmt"
	"io"
	"os"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Verify authenticates an envelope to its end and writes nothing.
func (e *Engine) Verify(ctx context.Context, source string, u Unseal, p Progress) (Envelope, error) {
	from, err := at(source)
	if err != nil {
		return Envelope{}, err
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return Envelope{}, err
	}
	defer f.Close()
	got, err := e.decryptInto(ctx, io.Discard, f, info.Size(), from.name, u, p)
	if err != nil {
		return Envelope{}, fmt.Errorf("verify %s: %w", from.name, err)
	}
	return got, nil
}

// Inspect reads what an envelope says of itself, and its size in bytes. Nothing is called and nothing
// proved.
func Inspect(source string) (*envelope.Header, int64, error) {
	from, err := at(source)
	if err != nil {
		return nil, 0, err
	}
	defer from.close()
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	h, err := envelope.ReadHeader(f)
	if err != nil {
		return nil, 0, fmt.Errorf("inspect %s: %w", from.name, err)
	}
	return h, info.Size(), nil
}
