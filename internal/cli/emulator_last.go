package cli

import (
	"os"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/stack"
)

// lastReady is where serve leaves its ready file too, so that commands that are told none find the
// emulator that was started last by this user, from any directory. It is "" without a home.
func (a *app) lastReady() string {
	if dir := a.getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "kmsplan", "emulator.json")
	}
	if home := a.getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "kmsplan", "emulator.json")
	}
	return ""
}

// leaveReady prepares the directory of lastReady; "" when there is no place for it, which is no error, nor is one that cannot
// be written: it is a convenience.
func (a *app) leaveReady() string {
	name := a.lastReady()
	if name == "" || os.MkdirAll(filepath.Dir(name), 0o700) != nil {
		return ""
	}
	return name
}

// exists reports whether there is a file of that name.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// removeReady takes a ready file away when its emulator ends, unless another one has put its own there.
func removeReady(name, control string) {
	if r, err := stack.ReadReadyFile(name); err == nil && r.Control == control {
		_ = os.Remove(name)
	}
}
