package ops

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// PrivateMode is the mode of a decrypted file unless something else is asked for.
const PrivateMode fs.FileMode = 0o600

// Unseal says what an envelope must be, and how its plaintext is written.
type Unseal struct {
	Context envelope.Context // the context the file must carry; nil = any
	Mode    fs.FileMode      // of the plaintext; 0 = 0600, or an existing output's own mode if that is no wider
	Digest  bool             // also hash the plaintext, for the census
	InPlace bool             // the output may be the source
	// KeepMode lets an executable stay one, for its owner.
	KeepMode bool
	// Unasked says that nobody named the output: one that holds another plaintext is not replaced, and one that holds the
	// same stays as it is.
	Unasked bool
}

// DecryptFile decrypts source into output, whole or not at all: the plaintext appears
// under its name only after the last byte was authenticated.
func (e *Engine) DecryptFile(ctx context.Context, source, output string, u Unseal, p Progress) (Envelope, error) {
	from, err := at(source)
	if err != nil {
		return Envelope{}, err
	}
	defer from.close()
	to, err := atNew(output)
	if err != nil {
		return Envelope{}, err
	}
	defer to.close()
	return e.decrypt(ctx, from, to, u, p)
}

func (e *Engine) decrypt(ctx context.Context, from, to place, u Unseal, p Progress) (Envelope, error) {
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return Envelope{}, err
	}
	defer f.Close()
	if sameFile(from, to) && !u.InPlace {
		return Envelope{}, fmt.Errorf("%s would be decrypted over itself; name another output, or say -in-place", from)
	}
	if u.KeepMode && info.Mode()&0o100 != 0 {
		u.Mode = PrivateMode | 0o100
	}
	out, err := e.output(to, plaintextAttributes(u.Mode))
	if err != nil {
		return Envelope{}, err
	}
	defer out.Abort()
	got, err := e.decryptInto(ctx, out, f, info.Size(), from.full(), u, p)
	if err != nil {
		return Envelope{}, fmt.Errorf("decrypt %s: %w", from, err)
	}
	if u.Unasked {
		if err := unedited(to, out); errors.Is(err, errSame) {
			got.Same = true
			return got, nil
		} else if err != nil {
			return Envelope{}, fmt.Errorf("decrypt %s: %w", from, err)
		}
	}
	return got, out.Commit()
}

// decryptInto opens an envelope of n bytes and writes its plaintext to w.
func (e *Engine) decryptInto(ctx context.Context, w io.Writer, r io.ReaderAt, n int64, name string, u Unseal, p Progress) (Envelope, error) {
	if doc, err := documentIn(r, n); err != nil || doc != nil {
		if err != nil {
			return Envelope{}, err
		}
		return e.decryptDocument(ctx, w, doc, name, u)
	}
	return e.decryptEnvelope(ctx, w, r, n, name, u, p)
}

// decryptEnvelope is decryptInto for what is no document.
func (e *Engine) decryptEnvelope(ctx context.Context, w io.Writer, r io.ReaderAt, n int64, name string, u Unseal, p Progress) (Envelope, error) {
	opened, err := envelope.Open(ctx, io.NewSectionReader(r, 0, n), envelope.OpenOptions{
		Identities: e.identities(), Context: u.Context, Workers: e.workersFor(n),
	})
	if err != nil {
		return Envelope{}, err
	}
	total, _ := opened.Header().PlaintextSize(n)
	out := &watched{ctx: ctx, w: w, total: total, progress: p}
	if u.Digest {
		out.h = sha256.New()
	}
	if _, err := opened.WriteTo(out); err != nil {
		return Envelope{}, err
	}
	got := describe(name, opened.Header())
	got.Plaintext, got.Sealed, got.Source = out.n, n, out.sum()
	return got, nil
}

// DecryptStream writes the plaintext of an envelope that cannot be read twice. It is put
// aside as it is, still encrypted, and authenticated to its end first: nothing reaches w before the
// whole envelope is known to be good.
func (e *Engine) DecryptStream(ctx context.Context, w io.Writer, r io.Reader, u Unseal, p Progress) (Envelope, error) {
	spool, n, err := putAside(ctx, r)
	if err != nil {
		return Envelope{}, err
	}
	defer spool.Close()
	return e.DecryptVerified(ctx, w, spool, n, u, p)
}

// putAside copies an envelope, encrypted as it is, into a file without a name.
func putAside(ctx context.Context, r io.Reader) (*os.File, int64, error) {
	spool, err := os.CreateTemp("", "kmsplan-envelope-")
	if err != nil {
		return nil, 0, fmt.Errorf("put the envelope aside: %w", err)
	}
	if err := os.Remove(spool.Name()); err != nil {
		spool.Close()
		return nil, 0, fmt.Errorf("put the envelope aside: %w", err)
	}
	n, err := io.Copy(spool, &watched{ctx: ctx, r: r})
	if err != nil {
		spool.Close()
		return nil, 0, fmt.Errorf("read the envelope: %w", err)
	}
	return spool, n, nil
}

// DecryptVerified authenticates an envelope to its end, then decrypts it into w. It reads r
// twice: when somebody writes to it in between, an authentic beginning may have reached w before the error.
// A document is proved as a whole before any of it is written, and read once.
func (e *Engine) DecryptVerified(ctx context.Context, w io.Writer, r io.ReaderAt, n int64, u Unseal, p Progress) (Envelope, error) {
	doc, err := documentIn(r, n)
	switch {
	case err != nil:
		return Envelope{}, err
	case doc != nil:
		return e.decryptDocument(ctx, w, doc, "", u)
	}
	if _, err := e.decryptEnvelope(ctx, io.Discard, r, n, "", u, nil); err != nil && !safety.Off(safety.VerifiedFirst) {
		return Envelope{}, err
	}
	return e.decryptEnvelope(ctx, w, r, n, "", u, p)
}
