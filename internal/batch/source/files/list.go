package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
)

// List implements source.Source. Left out are symbolic links and what else is no regular file, temporary files of
// kmsplan's, and what vanishes while it is looked at; a directory that cannot be read ends the list. It keeps the names of
// one directory at each depth in memory.
func (s *Source) List(ctx context.Context, after string, each func(source.Object) error) error {
	from, err := rawName(after)
	if err != nil {
		return err
	}
	return s.directory(ctx, "", from, each)
}

// textName is a file's name as an object's: bytes that are no UTF-8 as the census writes them (state.PathText), because manifests, ledgers and
// databases keep text.
func textName(raw string) string {
	text, _ := state.PathText(raw).MarshalText() // never fails
	return string(text)
}

// rawName is the name of the file.
func rawName(text string) (string, error) {
	var raw state.PathText
	err := raw.UnmarshalText([]byte(text))
	return string(raw), err
}

// names are a directory's files and directories, the latter with a slash behind, in the order of the paths below them.
func (s *Source) names(dir string) ([]string, error) {
	f, err := s.root.Open(path.Join(".", dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		switch {
		case e.IsDir():
			names = append(names, e.Name()+"/")
		case e.Type().IsRegular() && !durable.IsTemp(e.Name()) && !strings.HasPrefix(e.Name(), probePrefix):
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// directory lists below dir, which is "" or ends in a slash.
func (s *Source) directory(ctx context.Context, dir, after string, each func(source.Object) error) error {
	names, err := s.names(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != "" || notDir(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the directory %s: %w", s.path(dir), err)
	}
	for _, base := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := dir + base
		if strings.HasSuffix(name, "/") {
			if name > after || strings.HasPrefix(after, name) {
				err = s.directory(ctx, name, after, each)
			}
		} else if name > after {
			err = s.file(name, each)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) file(name string, each func(source.Object) error) error {
	info, err := s.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return s.failure("look at", name, err)
	}
	return each(object(name, info))
}

func object(name string, info fs.FileInfo) source.Object {
	return source.Object{Name: textName(name), Size: info.Size(), Modified: info.ModTime(), Revision: revision(info)}
}

// revision is a file's facts as text.
func revision(info fs.FileInfo) string { return durable.FactsOf(info).String() }

// notDir is of a directory that became something else.
func notDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
