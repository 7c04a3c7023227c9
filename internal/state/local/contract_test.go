package local_test

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// subject is a store on a disk of which one step can fail, and whose locks may do nothing.
func subject(t *testing.T, locks bool) statetest.Subject {
	path := filepath.Join(t.TempDir(), "kmsplan.state.json")
	var failing atomic.Value
	failing.Store(durable.Kind(""))
	seam := func(op durable.Op) error {
		if failing.CompareAndSwap(op.Kind, durable.Kind("")) {
			return syscall.EIO
		}
		if op.Kind == durable.Lock && !locks {
			return durable.ErrSkip
		}
		return nil
	}
	return statetest.Subject{
		Open: func() state.Store { return openWith(t, path, local.Options{Disk: seam}) },
		Lose: func(journal bool) {
			if journal {
				failing.Store(durable.Sync) // the lines are written
			} else {
				failing.Store(durable.SyncDir) // the generation has its name
			}
		},
		Damage: func(journal bool) {
			name := path
			if journal {
				name += ".journal"
			}
			data := must(os.ReadFile(name))
			data[len(data)/3] ^= 0x10
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestLocalKeepsTheStoreContract(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Subject { return subject(t, true) })
}

// Case P11.
func TestLocalKeepsItWhereLocksDoNothing(t *testing.T) {
	statetest.RunWithoutLocks(t, func(t *testing.T) statetest.Subject { return subject(t, false) })
}
