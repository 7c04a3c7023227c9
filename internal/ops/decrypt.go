package ops

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// PrivateMode is the mode of a decrypted file unless something else is asked for.
const PrivateMode fs.FileMode = 0o600

// Unseal says what an envelope must be, and how its plaintext is written.
type Unseal struct {
	Context envelope.Context // the context the file must carry; nil = any
	Mode    fs.FileMode      // of the plaintext; 0 = 0600, or an existing output's own mode if that is no wider
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
	f, info, err := openRegular(from.root, from.name)
	if err != nil {
		return Envelope{}, err
	}
	defer f.Close()
	if sameFile(from, to) {
		return Envelope{}, fmt.Errorf("%s would be decrypted over itself; name another output", from.name)
	}
	out, err := createAtomic(to.root, to.name, plaintextAttributes(to, u.Mode))
	if err != nil {
		return Envelope{}, err
	}
	defer out.Abort()
	got, err := e.decryptInto(ctx, out, f, info.Size(), from.full(), u, p)
	if err != nil {
		return Envelope{}, fmt.Errorf("decrypt %s: %w", from.name, err)
	}
	return got, out.Commit()
}

// plaintextAttributes never makes a plaintext readable for more people than asked for.
func plaintextAttributes(to place, mode fs.FileMode) attributes {
	old, err := to.root.Lstat(to.name)
	if mode != 0 {
		a := newFile(mode)
		if err == nil {
			keep := attributesOf(old)
			a.uid, a.gid = keep.uid, keep.gid
		}
		return a
	}
	if err == nil && old.Mode().Perm()&^PrivateMode == 0 {
		return attributesOf(old)
	}
	return newFile(PrivateMode)
}

// decryptInto opens an envelope of n bytes and writes its plaintext to w.
func (e *Engine) decryptInto(ctx context.Context, w io.Writer, r io.ReaderAt, n int64, name string, u Unseal, p Progress) (Envelope, error) {
	header, err := envelope.ReadHeader(io.NewSectionReader(r, 0, n))
	if err != nil {
		return Envelope{}, err
	}
	opened, err := envelope.Open(ctx, io.NewSectionReader(r, 0, n), envelope.OpenOptions{
		Identities: e.identities(header.Suite), Context: u.Context, Workers: e.workersFor(n),
	})
	if err != nil {
		return Envelope{}, err
	}
	total, _ := opened.Header().PlaintextSize(n)
	out := &counting{w: cancellable{ctx, w}}
	if p != nil {
		out.every = func(done int64) { p(done, total) }
	}
	if _, err := opened.WriteTo(out); err != nil {
		return Envelope{}, err
	}
	got := describe(name, opened.Header())
	got.Plaintext, got.Sealed = out.n, n
	return got, nil
}

// cancellable stops writing at the context's end.
type cancellable struct {
	ctx context.Context
	w   io.Writer
}

func (c cancellable) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// DecryptStream writes the plaintext of an envelope that cannot be read twice. It is put
// aside as it is, still encrypted, and authenticated to its end first: nothing reaches w before the whole
// envelope is known to be good.
func (e *Engine) DecryptStream(ctx context.Context, w io.Writer, r io.Reader, u Unseal, p Progress) (Envelope, error) {
	spool, err := os.CreateTemp("", "kmsplan-envelope-")
	if err != nil {
		return Envelope{}, fmt.Errorf("put the envelope aside: %w", err)
	}
	defer spool.Close()
	if err := os.Remove(spool.Name()); err != nil {
		return Envelope{}, fmt.Errorf("put the envelope aside: %w", err)
	}
	n, err := io.Copy(spool, r)
	if err != nil {
		return Envelope{}, fmt.Errorf("read the envelope: %w", err)
	}
	return e.DecryptVerified(ctx, w, spool, n, u, p)
}

// DecryptVerified authenticates an envelope to its end, then decrypts it into w.
func (e *Engine) DecryptVerified(ctx context.Context, w io.Writer, r io.ReaderAt, n int64, u Unseal, p Progress) (Envelope, error) {
	if _, err := e.decryptInto(ctx, io.Discard, r, n, "", u, nil); err != nil {
		return Envelope{}, err
	}
	return e.decryptInto(ctx, w, r, n, "", u, p)
}

// Verify authenticates an envelope to its end and writes nothing.
func (e *Engine) Verify(ctx context.Context, source string, u Unseal, p Progress) (Envelope, error) {
	from, err := at(source)
	if err != nil {
		return Envelope{}, err
	}
	defer from.close()
	f, info, err := openRegular(from.root, from.name)
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

// Inspect reads what an envelope says of itself. Nothing is called and nothing proved.
func Inspect(source string) (*envelope.Header, int64, error) {
	from, err := at(source)
	if err != nil {
		return nil, 0, err
	}
	defer from.close()
	f, info, err := openRegular(from.root, from.name)
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
