package shards

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// folder is a remote.Place in a directory that several machines may see. A head is a file of its own, whose number grows; of
// two that store the same number, one does (a link to a free name), so that no lock is needed, which network file systems have
// or have not.
type folder struct{ path string }

var _ remote.Place = folder{}

const (
	headPrefix  = "head-"
	objectsName = "objects"
	dirMode     = 0o700
	fileMode    = 0o600
	// keepHeads is how many heads stay: who is so many behind is told so.
	keepHeads = 16
	// mostFile bounds what is read of a file, in bytes.
	mostFile = 1 << 30
)

// String implements remote.Place.
func (f folder) String() string { return f.path }

// in opens the directory, or the one of its objects.
func (f folder) in(ctx context.Context, sub string) (*durable.Dir, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d, err := durable.Make(f.path+sub, dirMode, nil)
	if errors.Is(err, fs.ErrPermission) {
		err = errors.Join(err, remote.ErrRefused)
	}
	return d, err
}

// heads are the numbers of the heads that are there, in order.
func heads(d *durable.Dir) ([]int, error) {
	list, err := d.Root().Open(".")
	if err != nil {
		return nil, err
	}
	defer list.Close()
	names, err := list.Readdirnames(-1)
	var all []int
	for _, name := range names {
		digits, ok := strings.CutPrefix(name, headPrefix)
		if n, err := strconv.Atoi(digits); ok && err == nil && n > 0 {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, err
}

func headName(n int) string { return fmt.Sprintf("%s%012d", headPrefix, n) }

// Head implements remote.Place.
func (f folder) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	d, err := f.in(ctx, "")
	if err != nil {
		return nil, "", err
	}
	defer d.Close()
	for {
		all, err := heads(d)
		if err != nil || len(all) == 0 {
			return nil, "", err
		}
		n := all[len(all)-1]
		data, err := d.ReadFile(headName(n), mostFile)
		if errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil {
			continue // others stored many since
		}
		return data, remote.Revision(strconv.Itoa(n)), err
	}
}

// Swap implements remote.Place.
func (f folder) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	before := 0
	if old != "" {
		var err error
		if before, err = strconv.Atoi(string(old)); err != nil || before < 1 {
			return "", fmt.Errorf("%s: %w", f, remote.ErrConflict)
		}
	}
	d, err := f.in(ctx, "")
	if err != nil {
		return "", err
	}
	defer d.Close()
	all, err := heads(d)
	if err != nil {
		return "", err
	}
	if len(all) == 0 && before > 0 || len(all) > 0 && all[len(all)-1] != before {
		return "", fmt.Errorf("%s: %w", f, remote.ErrConflict)
	}
	if err := storeNew(d, headName(before+1), head); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = remote.ErrConflict
		}
		return "", fmt.Errorf("%s: %w", f, err)
	}
	return remote.Revision(strconv.Itoa(before + 1)), f.tidy(d, before+1)
}

// tidy removes old heads. Where so many are newer than the one just stored that its number may have been free again, whether it
// was ever the newest is not known.
func (f folder) tidy(d *durable.Dir, stored int) error {
	all, err := heads(d)
	if err != nil {
		return err
	}
	newest := all[len(all)-1]
	if newest >= stored+keepHeads {
		return fmt.Errorf("%s: a head was stored long after the one it replaces", f)
	}
	for _, n := range all {
		if n <= newest-keepHeads {
			_ = d.Remove(headName(n)) // one that is left over does no harm
		}
	}
	return nil
}

// storeNew puts a file under a name that is free.
func storeNew(d *durable.Dir, name string, data []byte) error {
	p, err := d.Create(name, fileMode)
	if err != nil {
		return err
	}
	defer p.Abort()
	if _, err := p.Write(data); err != nil {
		return err
	}
	if err := p.CommitNew(); errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("the file system cannot give a file a second name, without which two workers could write over each other; use another: %w", errors.Join(err, remote.ErrRefused))
	} else if err != nil {
		return err
	}
	return nil
}

// Put implements remote.Place.
func (f folder) Put(ctx context.Context, name string, object []byte) error {
	d, err := f.in(ctx, "/"+objectsName)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := storeNew(d, name, object); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Get implements remote.Place.
func (f folder) Get(ctx context.Context, name string) ([]byte, error) {
	d, err := f.in(ctx, "/"+objectsName)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	data, err := d.ReadFile(name, mostFile)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%s in %s: %w", name, f, remote.ErrNoObject)
	}
	return data, err
}

// Drop implements remote.Place.
func (f folder) Drop(ctx context.Context, names ...string) error {
	d, err := f.in(ctx, "/"+objectsName)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, name := range names {
		err = errors.Join(err, d.Remove(name))
	}
	return err
}
