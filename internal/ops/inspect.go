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
		return nil, 0, fmt.Errorf("inspect %s: %w", from, err)
	}
	return h, info.Size(), nil
}

// InspectStream is Inspect for an envelope that is read to its end.
func InspectStream(r io.Reader) (*envelope.Header, int64, error) {
	in := &watched{ctx: context.Background(), r: r}
	h, err := envelope.ReadHeader(in)
	if err != nil {
		return nil, 0, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return nil, 0, err
	}
	return h, in.n, nil
}
