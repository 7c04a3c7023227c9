package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/inventory"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kind"
)

// inventoryFiles opens what an inventory consists of: its manifest, and the files that it names. Close it.
type inventoryFiles interface {
	manifest(context.Context) (io.ReadCloser, error)
	file(ctx context.Context, key string) (io.ReadCloser, error)
	io.Closer
}

// inventoryOf tells of the objects that an inventory of the source's bucket names: an inventory of S3 or OSS by its manifest, or
// a list of CSV as S3 Batch Operations take it.
func (s *Stack) inventoryOf(at string, w written) names {
	o := inventory.Options{Bucket: w.source["bucket"], Prefix: w.source["prefix"]}
	return func(ctx context.Context, each inventory.Each) (r inventory.Report, err error) {
		files, err := s.openInventory(ctx, at, w)
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, files.Close()) }()
		in, err := files.manifest(ctx)
		if err != nil {
			return r, fmt.Errorf("open the inventory %s: %w", at, err)
		}
		defer in.Close()
		objects := func(o source.Object) error {
			if strings.HasSuffix(o.Name, "/") && o.Size == 0 {
				return nil // a folder, as consoles make them: the listing has none of them either
			}
			return each(o)
		}
		if name := strings.TrimSuffix(at, ".gz"); strings.HasSuffix(name, ".csv") {
			return inventory.Batch(ctx, at, in, o, objects)
		}
		return inventory.Manifest(ctx, at, in, files.file, o, objects)
	}
}

// openInventory opens the place of an inventory: the store of the source, with its credentials, or the module's directory.
func (s *Stack) openInventory(ctx context.Context, at string, w written) (inventoryFiles, error) {
	if !kind.IsStore(at) {
		root, err := os.OpenRoot(s.Config.Dir)
		if err != nil {
			return nil, fmt.Errorf("open the inventory %s: %w", at, err)
		}
		return keptInventory{root, path.Clean(filepath.ToSlash(at))}, nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, fmt.Errorf("the inventory %q: %w", at, err)
	}
	args := maps.Clone(w.source)
	args["bucket"], args["prefix"] = u.Host, ""
	store, err := s.openSource(ctx, w.from, args)
	if err != nil {
		return nil, fmt.Errorf("open the inventory %s: %w", at, err)
	}
	return storedInventory{store, strings.TrimPrefix(u.Path, "/")}, nil
}

// storedInventory is one in the bucket that the store writes it to.
type storedInventory struct {
	source.Source
	name string // the manifest's key
}

func (i storedInventory) manifest(ctx context.Context) (io.ReadCloser, error) {
	return i.file(ctx, i.name)
}

// inventoryReads is how much of a file of an inventory is asked for at once, bytes.
const inventoryReads = 1 << 20

func (i storedInventory) file(ctx context.Context, key string) (io.ReadCloser, error) {
	h, err := i.Open(ctx, key)
	if errors.Is(err, source.ErrGone) {
		return nil, hint(source.ErrGone, "A store writes manifest.json last, and rules of its life cycle take old inventories away: name one that is whole.")
	}
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{bufio.NewReaderSize(io.NewSectionReader(h, 0, h.Object().Size), inventoryReads), h}, nil
}

// keptInventory is a copy below the module's directory.
type keptInventory struct {
	root *os.Root
	name string // the manifest's path
}

func (i keptInventory) Close() error { return i.root.Close() }

func (i keptInventory) manifest(context.Context) (io.ReadCloser, error) { return i.open(i.name) }

func (i keptInventory) open(name string) (io.ReadCloser, error) {
	f, _, err := durable.OpenRegular(i.root, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// file looks for a file by its last name: where the store has it, in data beside the manifest's directory, or beside the manifest.
func (i keptInventory) file(_ context.Context, key string) (io.ReadCloser, error) {
	name, dir := path.Base(key), path.Dir(i.name)
	if name == "." || name == ".." || name == "/" {
		return nil, fmt.Errorf("%q names no file", key)
	}
	for _, at := range []string{path.Join(dir, "..", "data", name), path.Join(dir, "data", name), path.Join(dir, name)} {
		f, err := i.open(at)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, os.ErrNotExist) || strings.HasPrefix(at, ".."):
			continue
		}
		return nil, err
	}
	return nil, hint(fmt.Errorf("it is neither beside the manifest nor in data there: %w", os.ErrNotExist),
		fmt.Sprintf("Fetch %s from the bucket that holds the inventory, or name the manifest there: s3://BUCKET/… or oss://BUCKET/….", key))
}
