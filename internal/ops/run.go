package ops

import (
	"context"
	"fmt"
	"os"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Run carries out one file change of a data block and returns its entry of the census.
func (e *Engine) Run(ctx context.Context, root *os.Root, b Block, change plan.FileChange, p Progress) (state.File, error) {
	if b.Unknown {
		return state.File{}, fmt.Errorf("an argument of %s is still not known", b.Addr)
	}
	source, output := place{root, slash(b.Source)}, place{root, slash(b.Output)}
	switch b.Addr.Kind {
	case "encrypt":
		got, err := e.encrypt(ctx, source, output, b.Seal, p)
		return censusEntry(b, change.Path, got, got.Source), err
	case "decrypt":
		got, digest, err := e.decryptDigested(ctx, source, output, b.Unseal, p)
		return censusEntry(b, change.Path, got, digest), err
	default:
		got, _, err := e.rewrap(ctx, place{root, slash(change.Path)}, b.Target)
		if err != nil {
			err = fmt.Errorf("rewrap %s: %w", change.Path, err)
		}
		return censusEntry(b, change.Path, got, [32]byte{}), err
	}
}

// decryptDigested decrypts and hashes what it wrote.
func (e *Engine) decryptDigested(ctx context.Context, source, output place, u Unseal, p Progress) (Envelope, [32]byte, error) {
	got, err := e.decrypt(ctx, source, output, u, p)
	if err != nil {
		return got, [32]byte{}, err
	}
	digest, err := survey{root: output.root}.digest(output.name)
	return got, digest, err
}

// censusEntry is what state remembers of a file: enough to tell that it is still the one this
// stack wrote, and nothing of its content.
func censusEntry(b Block, path string, got Envelope, digest [32]byte) state.File {
	f := state.File{
		Address: b.Addr.String(), Path: path, Source: b.Source, Commitment: commitmentText(got.Commitment),
		KeyID: KeyID(got.KeyARN), KeyARN: got.KeyARN, KeyVersion: got.KeyVersion, ContextDigest: contextDigest(got.Context),
		Recipients: recipientsDigest(b.Seal.Recipients), Size: got.Plaintext,
	}
	if digest != ([32]byte{}) {
		f.SourceDigest = state.NewFingerprint(digest[:])
	}
	return f
}
