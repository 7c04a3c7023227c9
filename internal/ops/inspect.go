package ops

import (
	"context"
	"fmt"
	"io"
	"os"
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
		return Envelope{}, fmt.Errorf("verify %s: %w", from, err)
	}
	return got, nil
}

// VerifyStream is Verify for an envelope that cannot be read twice.
func (e *Engine) VerifyStream(ctx context.Context, r io.Reader, u Unseal, p Progress) (Envelope, error) {
	spool, n, err := putAside(ctx, r)
	if err != nil {
		return Envelope{}, err
	}
	defer spool.Close()
	return e.decryptInto(ctx, io.Discard, spool, n, "", u, p)
}
