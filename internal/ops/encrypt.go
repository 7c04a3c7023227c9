package ops

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Seal says under what a file is encrypted.
type Seal struct {
	Gateway    string // gateway block; "" = the default
	Key        string // id, alias or ARN
	Context    envelope.Context
	Suite      envelope.Suite
	Recipients []string // age1…, for break-glass
	Scope      Scope
	Digest     bool // also hash the plaintext, for the census
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
	f, info, err := openRegular(from.root, from.name)
	if err != nil {
		return Envelope{}, err
	}
	defer f.Close()
	if sameFile(from, to) {
		return Envelope{}, fmt.Errorf("%s would be encrypted over itself; name another output", from.name)
	}
	attr := newFile(info.Mode())
	if old, err := to.root.Lstat(to.name); err == nil {
		attr = attributesOf(old)
	}
	out, err := createAtomic(to.root, to.name, attr)
	if err != nil {
		return Envelope{}, err
	}
	defer out.Abort()
	got, err := e.EncryptStream(ctx, out, f, info.Size(), to.full(), s, p)
	if err != nil {
		return Envelope{}, fmt.Errorf("encrypt %s: %w", from.name, err)
	}
	if err := unchanged(f, info); err != nil {
		return Envelope{}, err
	}
	return got, out.Commit()
}

// unchanged refuses a source that was written to while it was read.
func unchanged(f *os.File, before os.FileInfo) error {
	after, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at %s again: %w", before.Name(), err)
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return fmt.Errorf("%s changed while it was encrypted; try again when it is at rest", before.Name())
	}
	return nil
}

// EncryptStream encrypts r into w. size is the plaintext's length, or
// envelope.UnknownSize; name decides which files share a data key under a scope.
func (e *Engine) EncryptStream(ctx context.Context, w io.Writer, r io.Reader, size int64, name string, s Seal, p Progress) (Envelope, error) {
	key, err := e.dataKey(ctx, s, name, size)
	if err != nil {
		return Envelope{}, err
	}
	out := &counting{w: w}
	sealer, err := envelope.Seal(ctx, out, envelope.Options{
		Suite: s.Suite, Context: s.Context, DataKey: key.key, Stanzas: key.stanzas, Size: size, Workers: e.workersFor(size),
	})
	if err != nil {
		return Envelope{}, err
	}
	in := &digesting{r: r, total: size, progress: p, ctx: ctx}
	if s.Digest {
		in.h = sha256.New()
	}
	if _, err := sealer.ReadFrom(in); err != nil {
		return Envelope{}, err
	}
	if err := sealer.Close(); err != nil {
		return Envelope{}, err
	}
	got := describe(name, sealer.Header())
	got.Plaintext, got.Sealed = in.n, out.n
	if s.Digest {
		got.Source = [32]byte(in.h.Sum(nil))
	}
	return got, nil
}

// parallelFrom is the plaintext size from which several cores pay off, bytes.
const parallelFrom = 1 << 20

func (e *Engine) workersFor(size int64) int {
	if size >= 0 && size < parallelFrom {
		return 1
	}
	return e.workers
}

// dataKey gets the data key for one file, inside the scope's limits.
func (e *Engine) dataKey(ctx context.Context, s Seal, name string, size int64) (*dataKey, error) {
	identity, err := json.Marshal([]any{s.Gateway, s.Key, s.Context, s.Suite, s.Recipients})
	if err != nil {
		return nil, fmt.Errorf("name the data key: %w", err)
	}
	return e.scopes.get(ctx, s.Scope, string(identity), name, size, func(ctx context.Context) (*dataKey, error) {
		return e.freshKey(ctx, s)
	})
}

// freshKey asks KMS for a data key and wraps it for the break-glass recipients.
func (e *Engine) freshKey(ctx context.Context, s Seal) (*dataKey, error) {
	recipients, err := ageRecipients(s.Recipients)
	if err != nil {
		return nil, err
	}
	g, err := e.keys.Gateway(ctx, s.Gateway)
	if err != nil {
		return nil, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	made, err := g.Crypt.GenerateDataKey(ctx, s.Key, s.Suite.KeySize(), s.Context)
	if err != nil {
		return nil, fmt.Errorf("get a data key under %s: %w", s.Key, err)
	}
	first, err := g.stanza(made.Wrapped())
	if err != nil {
		return nil, err
	}
	more, err := envelope.Wrap(ctx, made.Plaintext.Bytes(), s.Context, recipients...)
	if err != nil {
		return nil, err
	}
	return &dataKey{
		key: made.Plaintext.Bytes(), stanzas: append([]*envelope.Stanza{first}, more...),
		keyID: made.KeyID, arn: g.arn(made.KeyID), version: made.KeyVersionID,
	}, nil
}

// ageRecipients parses age public keys.
func ageRecipients(list []string) ([]envelope.Recipient, error) {
	var out []envelope.Recipient
	for _, text := range list {
		parsed, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("the recipient %q is no age public key (age1…): %w", text, err)
		}
		for _, r := range parsed {
			out = append(out, envelope.AgeRecipient(r))
		}
	}
	return out, nil
}

// digesting hashes what passes through a reader if asked to, reports progress, and stops at the
// context's end.
type digesting struct {
	ctx      context.Context
	r        io.Reader
	h        hash.Hash
	n, total int64
	progress Progress
}

func (d *digesting) Read(p []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := d.r.Read(p)
	if d.h != nil {
		d.h.Write(p[:n])
	}
	d.n += int64(n)
	if d.progress != nil {
		d.progress(d.n, d.total)
	}
	return n, err
}
