package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/inventory"
	"kmsplan.dev/kmsplan/internal/durable"
)

// names tells of the objects of a batch in the place of its source's listing, by ascending names.
type names func(context.Context, inventory.Each) (inventory.Report, error)

// listOf tells of the objects whose names a file holds, in whatever order; those that have not the prefix are left out.
func listOf(file, prefix string) names {
	return func(ctx context.Context, each inventory.Each) (inventory.Report, error) {
		f, err := openList(file)
		if err != nil {
			return inventory.Report{}, err
		}
		defer f.Close()
		return inventory.Names(ctx, file, f, inventory.Options{Prefix: prefix}, each)
	}
}

// listDigest tells one list from another: SHA-256 over the file, hex.
func listDigest(file string) (string, error) {
	f, err := openList(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read the list of objects: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func openList(file string) (io.ReadCloser, error) {
	dir, err := durable.Open(filepath.Dir(file), nil)
	if err != nil {
		return nil, fmt.Errorf("read the list of objects: %w", err)
	}
	defer dir.Close()
	f, err := dir.OpenFile(filepath.Base(file), os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("read the list of objects: %w", err)
	}
	return f, nil
}

// namesOf tells of objects by their names.
func namesOf(list []string) names {
	return func(_ context.Context, each inventory.Each) (r inventory.Report, err error) {
		for _, name := range list {
			r.Objects++
			if err := each(source.Object{Name: name, Size: -1}); err != nil {
				return r, err
			}
		}
		return r, nil
	}
}
