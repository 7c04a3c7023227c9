package ops

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// Seal says under what a file is encrypted.
type Seal struct {
	Gateway    string // gateway block; "" = the default
	Key        string // id, alias or ARN
	Context    envelope.Context
	Suite      envelope.Suite
	Recipients []string // age1…, for break-glass
	Scope      Scope
	Digest     bool    // also hash the plaintext, for the census
	Again      bool    // also encrypt what is encrypted already
	Values     *Values // seal values one by one; nil = the file as a whole
	InPlace    bool    // the output may be the source
	Unasked    bool    // nobody named the output: one that is no envelope, or of another context, is not replaced
}

func (s Seal) use() keys.Use {
	return keys.Use{Gateway: s.Gateway, Key: s.Key, Context: s.Context, Suite: s.Suite, Recipients: s.Recipients}
}

// EncryptFile encrypts source into output, whole or not at all. Output must not be
// source. An existing output keeps its mode and owner; a new one gets source's mode.
func (e *Engine) EncryptFile(ctx context.Context, source, output string, s Seal, p Progress) (Envelope, error) {
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
	return e.encrypt(ctx, from, to, s, p)
}

func (e *Engine) encrypt(ctx context.Context, from, to place, s Seal, p Progress) (Envelope, error) {
	if s.Values != nil {
		return e.encryptDocument(ctx, from, to, s)
	}
	f, info, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return Envelope{}, err
	}
	defer f.Close()
	if sameFile(from, to) && !s.InPlace {
		return Envelope{}, fmt.Errorf("%s would be encrypted over itself; name another output, or say -in-place", from)
	}
	if err := refuseDocument(f, info.Size(), s.Again); err != nil {
		return Envelope{}, fmt.Errorf("encrypt %s: %w", from, err)
	}
	if s.Unasked {
		if err := replaceable(to, s); err != nil {
			return Envelope{}, fmt.Errorf("encrypt %s: %w", from, err)
		}
	}
	out, err := e.output(to, envelopeAttributes(info))
	if err != nil {
		return Envelope{}, err
	}
	defer out.Abort()
	got, err := e.EncryptStream(ctx, out, f, info.Size(), to.full(), s, p)
	if err != nil {
		return Envelope{}, fmt.Errorf("encrypt %s: %w", from, err)
	}
	if err := unchanged(from, f, info, got.Plaintext); err != nil {
		return Envelope{}, err
	}
	release, err := holdForReplacing(ctx, to, e.patience)
	if err != nil {
		return Envelope{}, err
	}
	defer release()
	return got, out.Commit()
}

// EncryptStream encrypts r into w. size is the plaintext's length, or
// envelope.UnknownSize; name decides which files share a data key under a scope.
func (e *Engine) EncryptStream(ctx context.Context, w io.Writer, r io.Reader, size int64, name string, s Seal, p Progress) (Envelope, error) {
	if s.Values != nil {
		return e.encryptDocumentStream(ctx, w, r, name, s)
	}
	r, err := refuseEncrypted(r, s.Again)
	if err != nil {
		return Envelope{}, err
	}
	if size == envelope.UnknownSize { // the end of what has one was looked at
		if r, err = refuseDocumentStream(r, s.Again); err != nil {
			return Envelope{}, err
		}
	}
	key, err := e.keys.DataKey(ctx, s.use(), s.Scope, name, size)
	if err != nil {
		return Envelope{}, err
	}
	defer key.Release()
	out := &watched{ctx: ctx, w: w}
	sealer, err := envelope.Seal(ctx, out, envelope.Options{
		Suite: s.Suite, Context: s.Context, DataKey: key.Key, Stanzas: key.Stanzas, Size: size, Workers: e.workersFor(size),
	})
	if err != nil {
		return Envelope{}, err
	}
	in := &watched{ctx: ctx, r: r, total: size, progress: p}
	if s.Digest {
		in.h = sha256.New()
	}
	if _, err := sealer.ReadFrom(in); err != nil {
		return Envelope{}, err
	}
	if err := sealer.Close(); err != nil {
		return Envelope{}, err
	}
	key.Served(in.n - max(size, 0))
	got := describe(name, sealer.Header())
	got.Plaintext, got.Sealed, got.Source = in.n, out.n, in.sum()
	return got, nil
}
