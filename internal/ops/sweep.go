package ops

import (
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// staleAfter is how old an unlocked temporary file must be to count as left behind: its
// writer locks it right after it made it.
const staleAfter = time.Minute

// sweeper removes, once for each directory, the temporary files of writers that died. They
// may hold plaintext, readable by its owner.
type sweeper struct {
	mu    sync.Mutex
	swept map[string]bool
}

func (s *sweeper) sweep(dir *os.Root, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swept[dir.Name()] {
		return
	}
	if s.swept == nil {
		s.swept = map[string]bool{}
	}
	s.swept[dir.Name()] = true
	names, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return // housekeeping: what needs the directory will say what is wrong with it
	}
	for _, entry := range names {
		if isTemp(entry.Name()) && entry.Type().IsRegular() {
			removeStale(place{root: dir, name: entry.Name()}, now)
		}
	}
}

// isTemp reports whether a base name is one that createAtomic gives.
func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix) &&
		len(name) == len(tempPrefix)+2*tempRandom+len(tempSuffix)
}

// removeStale removes a temporary file whose writer is gone.
func removeStale(p place, now time.Time) {
	f, info, err := openRegular(p, os.O_RDONLY)
	if err != nil {
		return
	}
	defer f.Close()
	if now.Sub(info.ModTime()) > staleAfter && tryLock(f) == nil {
		_ = p.root.Remove(p.name)
	}
}
