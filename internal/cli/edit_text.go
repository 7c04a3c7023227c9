package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/scratch"
)

// editedText is a text that is edited, and where it goes.
type editedText interface {
	plain() []byte
	same(plain []byte) bool
	unchanged() fileDone
	// seal encrypts the text. Nothing is written.
	seal(ctx context.Context, plain []byte) (content []byte, done fileDone, err error)
	// write puts what was sealed in its place, over what came there meanwhile only if that is said: ops.ErrUnderneath.
	write(ctx context.Context, content []byte, over bool) error
}

// openedText is that of a file there is.
type openedText struct{ *ops.Opened }

func (t *openedText) plain() []byte          { return t.Plain }
func (t *openedText) same(plain []byte) bool { return bytes.Equal(plain, t.Plain) }
func (t *openedText) unchanged() fileDone    { return doneWith("unchanged", "", t.Described()) }

func (t *openedText) seal(ctx context.Context, plain []byte) ([]byte, fileDone, error) {
	var changed []string
	if t.Document != nil {
		var err error
		if changed, err = t.Document.Changes(plain); err != nil {
			return nil, fileDone{}, err
		}
	}
	content, got, err := t.Seal(ctx, plain)
	if err != nil {
		return nil, fileDone{}, err
	}
	done := doneWith("edited", "", got)
	done.Changed = changed
	return content, done, nil
}

func (t *openedText) write(ctx context.Context, content []byte, over bool) error {
	return t.Replace(ctx, content, over)
}

// newText is that of a file that is made.
type newText struct {
	engine     *ops.Engine
	name, path string
	settings   ops.Seal
}

func (t *newText) plain() []byte          { return nil }
func (t *newText) same(plain []byte) bool { return len(plain) == 0 }
func (t *newText) unchanged() fileDone    { return fileDone{Status: "unchanged"} }

func (t *newText) seal(ctx context.Context, plain []byte) ([]byte, fileDone, error) {
	var out bytes.Buffer
	got, err := t.engine.EncryptStream(ctx, &out, bytes.NewReader(plain), int64(len(plain)), t.path, t.settings, nil)
	return out.Bytes(), doneWith("created", "", got), err
}

func (t *newText) write(_ context.Context, content []byte, over bool) error {
	if over {
		return errors.New("it is there now; edit that file")
	}
	return t.engine.WriteNew(t.path, content)
}

// privateFile is what an editor works on.
type privateFile struct {
	dir  *scratch.Dir
	name string
}

// newPrivateFile writes a plaintext. Its name is the encrypted file's, so that an editor knows what it is.
func newPrivateFile(dir *scratch.Dir, name string, plain []byte) (*privateFile, error) {
	f := &privateFile{dir, strings.TrimSuffix(filepath.Base(name), ops.Suffix)}
	if f.name == "" {
		f.name = "text"
	}
	out, err := os.OpenFile(f.path(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write a private file: %w", err)
	}
	_, err = out.Write(plain)
	if err := errors.Join(err, out.Close()); err != nil {
		return nil, fmt.Errorf("write a private file: %w", err)
	}
	return f, nil
}

func (f *privateFile) path() string { return filepath.Join(f.dir.Path, f.name) }

// read gives what stands under the name now: many editors write a new file and exchange it.
func (f *privateFile) read() ([]byte, error) {
	root, err := os.OpenRoot(f.dir.Path)
	if err != nil {
		return nil, fmt.Errorf("read what the editor left: %w", err)
	}
	defer root.Close()
	in, info, err := durable.OpenRegular(root, f.name, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("the editor removed the file that it was given; nothing was written")
	case err != nil:
		return nil, fmt.Errorf("read what the editor left: %w", err)
	}
	defer in.Close()
	if info.Size() > document.MaxSize {
		return nil, unsealable{fmt.Errorf("the text has %d bytes, and %d are the most that edit takes", info.Size(), document.MaxSize)}
	}
	return io.ReadAll(in)
}
