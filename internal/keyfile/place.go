package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Mode of everything that is written here.
const mode = 0o600

// most is more than any of these files has: a real one has some 4 KiB, and age adds little.
const most = 1 << 20

// Place is where the files of one client key are.
type Place struct {
	Dir          string   // of the module
	File         string   // slashes, relative to Dir; so is PasswordFile
	PasswordFile string   // "" = the password is given
	Recipients   []string // age public keys; none = the files are not encrypted
	// Owned says what of kmsplan's or git's own a path of the module leads to, or ""; nil = nothing.
	Owned func(name string) string
	Disk  durable.Seam // of tests; nil = none
}

// Recorded is what is remembered of a client key's file. The zero value: of none.
type Recorded struct {
	ID           string // of the client key
	Digest       string // SHA-256 of what was written, hex; "" = nothing ever was
	PasswordFile string // where its password was written; "" = nowhere
}

// Free reports whether the files may be written: nothing is there, or the recorded client key's.
func (p Place) Free(r Recorded) error {
	for _, name := range []string{p.File, p.PasswordFile} {
		if name == "" || p.Owned == nil {
			continue
		}
		if what := p.Owned(name); what != "" {
			return fmt.Errorf("%s is %s, which no client key may write over; give it another file", name, what)
		}
	}
	found := p.Look(r, "")
	switch {
	case found.Problem != "":
		return errors.New(found.Problem)
	case kept(found.Standing == Other):
		return fmt.Errorf("%s is there, and it is not this client key's; nothing was called; move it away, or give the client key another file", p.File)
	case kept(p.PasswordFile != "" && p.PasswordFile != r.PasswordFile && !found.NoPassword):
		return fmt.Errorf("%s is there, and it is not this client key's; nothing was called; move it away, or give the client key another password_file", p.PasswordFile)
	}
	return nil
}

// kept reports whether a file stays, because it is not the client key's.
func kept(theirs bool) bool { return theirs && !safety.Off(safety.ClientKeyFileKept) }

// in opens the directory of a file, which is made where it is missing.
func (p Place) in(name string) (*durable.Dir, string, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, "", fmt.Errorf("open the module directory: %w", err)
	}
	defer root.Close()
	d, err := durable.In(root, path.Dir(path.Clean(name)), 0o755, p.Disk)
	if err != nil {
		return nil, "", fmt.Errorf("open the directory of %s: %w", name, err)
	}
	return d, path.Base(path.Clean(name)), nil
}

// read reads a file that is there.
func (p Place) read(name string) ([]byte, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, info, err := durable.OpenRegular(root, path.Clean(name), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > most {
		return nil, fmt.Errorf("it has %d bytes, more than any client key's", info.Size())
	}
	content := make([]byte, info.Size())
	n, err := f.ReadAt(content, 0)
	if n == len(content) {
		err = nil
	}
	return content[:n], err
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
