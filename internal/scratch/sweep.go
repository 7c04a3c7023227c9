package scratch

import (
	"os"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
)

// sweep removes the directories whose runs are gone: a dead process holds no lock. What cannot be removed stays for
// another time.
func sweep(own string) {
	entries, _ := os.ReadDir(own)
	for _, e := range entries {
		name := filepath.Join(own, e.Name())
		if strings.HasSuffix(name, lockEnding) {
			sweepOne(name)
		}
	}
}

func sweepOne(name string) {
	lock, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer lock.Close()
	if held(lock) && os.RemoveAll(strings.TrimSuffix(name, lockEnding)) == nil {
		_ = os.Remove(name)
	}
}

// held takes the lock of a file that still has its name.
func held(lock *os.File) bool {
	if durable.TryLock(lock) != nil {
		return false
	}
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(lock.Name())
	return err == nil && os.SameFile(mine, named)
}
