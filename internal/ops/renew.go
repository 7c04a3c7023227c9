package ops

import (
	"context"
	"os"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/state"
)

// Renew gives the census entries whose fingerprints are of another scheme than the stack's, and whose sources
// (decrypt: plaintexts) are at hand and unchanged, with fingerprints of the stack's scheme. The others stay as they
// are, and are compared as they were made.
func Renew(ctx context.Context, root *os.Root, census []state.File, prints *state.Fingerprints) ([]state.File, error) {
	var old []*state.File
	for _, f := range census {
		if !f.SourceDigest.IsZero() && prints.Outdated(f.SourceDigest) {
			old = append(old, &f)
		}
	}
	renewed := make([]bool, len(old))
	index := make([]int, len(old))
	for i := range index {
		index[i] = i
	}
	errs := Each(ctx, index, func(_ context.Context, i int) (err error) {
		renewed[i], err = renew(root, old[i], prints)
		return err
	})
	var out []state.File
	for i, f := range old {
		if renewed[i] {
			out = append(out, *f)
		}
	}
	if len(errs) > 0 {
		return out, errs[0]
	}
	return out, nil
}

func renew(root *os.Root, entry *state.File, prints *state.Fingerprints) (bool, error) {
	name := entry.Source
	if a, err := addr.Parse(entry.Address); err != nil {
		return false, nil
	} else if a.Kind == "decrypt" {
		name = entry.Path
	}
	f, _, err := openRegular(place{root: root, name: slash(name)}, os.O_RDONLY)
	if err != nil {
		return false, nil // not at hand: the next plan says what is wrong with it
	}
	defer f.Close()
	digest, err := digestOf(f)
	if err != nil {
		return false, nil
	}
	var done bool
	entry.SourceDigest, done, err = prints.Renewed(entry.SourceDigest, entry.Address, digest[:])
	return done, err
}
