package ops

import (
	"context"
	"fmt"
	"os"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Run carries out one file change of a data block and returns its entry of the census, and why a document was written
// anew, as Envelope.Anew.
func (e *Engine) Run(ctx context.Context, root *os.Root, b Block, change plan.FileChange, p Progress) (entry state.File, anew string, err error) {
	if change.Path == "" {
		change.Path = b.Output // it was not known when the plan was made
	}
	if b.Unknown != "" {
		return entry, "", fmt.Errorf("%s of %s is still not known", b.Unknown, b.Addr)
	}
	if err := e.prints().Err(); err != nil && b.Addr.Kind != "rewrap" {
		return entry, "", fmt.Errorf("%s was not written, because what it is made of could not be recorded: %w", change.Path, err)
	}
	got, err := e.run(ctx, root, b, change, p)
	if err != nil {
		return entry, "", err
	}
	entry, err = e.censusEntry(b, change.Path, got)
	return entry, got.Anew, err
}

func (e *Engine) run(ctx context.Context, root *os.Root, b Block, change plan.FileChange, p Progress) (Envelope, error) {
	source, output := place{root: root, name: slash(b.Source)}, place{root: root, name: slash(b.Output), owned: e.owned}
	switch b.Addr.Kind {
	case "encrypt":
		return e.encrypt(ctx, source, output, b.Seal, p)
	case "decrypt":
		return e.decrypt(ctx, source, output, b.Unseal, p)
	}
	got, _, err := e.rewrap(ctx, place{root: root, name: slash(change.Path), owned: e.owned}, b.Target)
	if err != nil {
		return got, fmt.Errorf("rewrap %s: %w", change.Path, err)
	}
	return got, nil
}

// censusEntry is what state remembers of a file: enough to tell that it is still the one this
// stack wrote, and nothing of its content.
func (e *Engine) censusEntry(b Block, path string, got Envelope) (state.File, error) {
	f := state.File{
		Address: b.Addr.String(), Path: path, Source: b.Source, Commitment: commitmentText(got.Commitment),
		KeyID: KeyID(got.KeyARN), KeyARN: got.KeyARN, KeyVersion: got.KeyVersion, ContextDigest: contextDigest(got.Context),
		Recipients: recipientsDigest(b.Seal.Recipients), Size: got.Plaintext,
	}
	var err error
	if got.Source != ([32]byte{}) {
		f.SourceDigest, err = e.prints().New(b.Addr.String(), got.Source[:])
	}
	return f, err
}
