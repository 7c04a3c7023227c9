package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// setAside renames a state that lies elsewhere now, so that nobody goes on with it, and its generations with it: beside an
// absent state they would say that it was lost, when it comes back. They go first, because a state without them is whole.
func setAside(path string) (name string, err error) {
	if name, err = freeName(path); err != nil {
		return "", err
	}
	if err := os.Rename(path+".d", name+".d"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return name, os.Rename(path, name)
}

// freeName is a name beside a state under which none was set aside before.
func freeName(path string) (string, error) {
	for n := 1; ; n++ {
		name := path + ".migrated"
		if n > 1 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		_, state := os.Lstat(name)
		_, generations := os.Lstat(name + ".d")
		switch err := errors.Join(state, generations); {
		case errors.Is(state, fs.ErrNotExist) && errors.Is(generations, fs.ErrNotExist):
			return name, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
}
