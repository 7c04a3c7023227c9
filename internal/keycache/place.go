package keycache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// ErrNone says that this system has no cache: each process asks KMS itself.
var ErrNone = errors.New("this system has no cache of data keys: the kernel does not tell who asks")

// maxSocket is how long a socket's path may be (Linux: 108 bytes with the zero at the end).
const maxSocket = 107

// Place is the path of a cache's socket, in a directory that is this user's alone. runtime is the user's directory for
// such things (XDG_RUNTIME_DIR), or "".
func Place(runtime, name string) (string, error) {
	dir := filepath.Join(runtime, "kmsplan")
	if runtime == "" {
		dir = filepath.Join(os.TempDir(), "kmsplan-"+strconv.Itoa(os.Getuid()))
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !mine(info) {
		return "", fmt.Errorf("%s is not a directory of this user alone (mode 0700), so no data key is kept there: remove it", dir)
	}
	path := filepath.Join(dir, name+".sock")
	if len(path) > maxSocket {
		return "", fmt.Errorf("%s is too long a path for a socket", path)
	}
	return path, nil
}
