package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"
)

// Every file of a state is its owner's alone, whatever the umask says.
const (
	fileMode = 0o600
	dirMode  = 0o700
)

// writeTemp writes data to a fresh, synced file beside path and returns its name.
// A failure leaves nothing behind.
func writeTemp(path string, data []byte) (string, error) {
	file, err := createBeside(path)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// createBeside creates a file of a fresh name in path's directory.
func createBeside(path string) (*os.File, error) {
	for n := os.Getpid(); ; n++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), n))
		file, err := createOwn(name)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// createOwn creates a file that did not exist, mode 0600 under any umask.
func createOwn(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|noFollow, fileMode)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(fileMode); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(name))
	}
	return file, nil
}

// renameSynced puts temp in path's place; when it returns, a power cut leaves path new.
func renameSynced(temp, path string) error {
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// removeSynced removes path, which may be gone already.
func removeSynced(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the directory's entries durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // directories cannot be synced there; the file system's own journal orders renames
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// truncate cuts an open file and makes that durable.
func truncate(file *os.File, length int64) error {
	if err := file.Truncate(length); err != nil {
		return err
	}
	return file.Sync()
}

// readRegular reads an open regular file of at most limit bytes.
func readRegular(file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", file.Name())
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", file.Name(), info.Size(), limit)
	}
	return io.ReadAll(io.LimitReader(file, limit))
}

// errHeld says that another open file holds the lock.
var errHeld = errors.New("held by another process")

// holdFile takes the advisory lock of the existing file at path. It fails with
// errHeld at once, and with fs.ErrNotExist when the file is gone. The lock belongs to the file, not to the name:
// a file that was replaced meanwhile is let go and the new one is tried.
func holdFile(path string) (*flock.Flock, error) {
	for {
		l := flock.New(path, flock.SetFlag(os.O_RDWR|noFollow), flock.SetPermissions(fileMode))
		ok, err := l.TryLock()
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		if !ok {
			return nil, errors.Join(errHeld, l.Close())
		}
		if isSameFile(l, path) {
			return l, nil
		}
		if err := l.Unlock(); err != nil {
			return nil, err
		}
	}
}

func isSameFile(l *flock.Flock, path string) bool {
	held, err := l.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(held, there)
}
