//go:build linux

package batches

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filesStore is a tree; the kernel tells of each content that takes a name, or is written under it.
type filesStore struct {
	root string
	tell *os.File

	mu    sync.Mutex
	dirs  map[int32]string
	known map[string]bool
	count map[string]int
	puts  map[string]int
	lost  bool
}

func openFiles(t *testing.T, _ *rig) store {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	s := &filesStore{root: t.TempDir(), tell: os.NewFile(uintptr(fd), "inotify"), dirs: map[int32]string{}, known: map[string]bool{}, count: map[string]int{}, puts: map[string]int{}}
	ended := make(chan struct{})
	go func() { defer close(ended); s.listen() }()
	t.Cleanup(func() { s.tell.Close(); <-ended })
	return s
}

func (s *filesStore) block() string { return "files {\n path = \"" + s.root + "\"\n }" }
func (s *filesStore) env() []string { return nil }

// listen counts what the kernel tells.
func (s *filesStore) listen() {
	buf := make([]byte, 1<<16)
	for {
		n, err := s.tell.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		for rest := buf[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			e := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			name := string(bytes.TrimRight(rest[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+int(e.Len)], "\x00"))
			rest = rest[unix.SizeofInotifyEvent+int(e.Len):]
			if e.Mask&unix.IN_Q_OVERFLOW != 0 {
				s.lost = true
			} else if name = s.dirs[e.Wd] + "/" + name; s.known[name] {
				s.count[name]++
			}
		}
		s.mu.Unlock()
	}
}

func (s *filesStore) put(t *testing.T, name string, content []byte) {
	t.Helper()
	dir := filepath.Dir(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known[name] {
		s.known[name] = true
		if err := os.Mkdir(filepath.Join(s.root, dir), 0o700); err == nil {
			fd, err := s.tell.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			var wd int
			var watching error
			err = fd.Control(func(fd uintptr) {
				wd, watching = unix.InotifyAddWatch(int(fd), filepath.Join(s.root, dir), unix.IN_MOVED_TO|unix.IN_MODIFY)
			})
			if err != nil || watching != nil {
				t.Fatal(err, watching)
			}
			s.dirs[int32(wd)] = dir
		}
	}
	next := filepath.Join(s.root, "next")
	if err := os.WriteFile(next, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(s.root, name)); err != nil {
		t.Fatal(err)
	}
	s.puts[name]++
}

func (s *filesStore) get(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// writes waits until the kernel told everything.
func (s *filesStore) writes(t *testing.T) map[string]int {
	t.Helper()
	time.Sleep(200 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost {
		t.Fatal("the kernel told more than was heard")
	}
	out := maps.Clone(s.count)
	for name, n := range s.puts {
		out[name] -= n
	}
	return out
}

// names are the files that are there.
func (s *filesStore) names(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
