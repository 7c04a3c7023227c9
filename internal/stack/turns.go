package stack

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	// mostAhead bounds how far ahead a turn can be: a file that says more was damaged, or a clock went back.
	mostAhead = time.Minute
	// lockTries and lockPause bound the wait for a file whose holder was stopped; the call goes on without it then.
	lockTries, lockPause = 50, time.Millisecond
)

// turns are the turns that all runs of one user on this machine take at one account's quotas: for each group a file with the
// time at which the next call is due, under a lock that ends with its process. What cannot be read holds nobody up: each run
// keeps to its share by itself as well.
type turns struct{ dir, name string }

// sharedTurns are those of an account and region, as far as they are known by; nil where there is no place for them.
func sharedTurns(known ...string) *turns {
	dir := turnsDir()
	if dir == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.Join(known, "\n")))
	return &turns{dir: dir, name: hex.EncodeToString(sum[:8])}
}

// turnsDir is a directory that nobody else can write into, or "".
func turnsDir() string {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(base) {
		var err error
		if base, err = os.UserCacheDir(); err != nil {
			return ""
		}
	}
	dir := filepath.Join(base, "kmsplan", "quota")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ""
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		return ""
	}
	return dir
}

// Take implements transport.Turns: a turn every so often, of which so many may be taken at once after a rest.
func (t *turns) Take(group string, every time.Duration, atOnce int, now time.Time) time.Duration {
	if t == nil || safety.Off(safety.QuotaTogether) {
		return 0
	}
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return 0
	}
	defer root.Close()
	f, err := root.OpenFile(t.name+"-"+strings.ReplaceAll(group, " ", "-"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0
	}
	defer f.Close() // which lets the lock go
	if !locked(f) {
		return 0
	}
	due := readDue(f)
	if due.Before(now) || due.Sub(now) > mostAhead {
		due = now
	}
	var next [8]byte
	binary.BigEndian.PutUint64(next[:], uint64(due.Add(every).UnixNano()))
	if _, err := f.WriteAt(next[:], 0); err != nil {
		return 0
	}
	return max(0, due.Sub(now)-time.Duration(atOnce-1)*every)
}

func locked(f *os.File) bool {
	for range lockTries {
		err := durable.TryLock(f)
		if err == nil {
			return true
		}
		if !errors.Is(err, durable.ErrHeld) {
			return false
		}
		time.Sleep(lockPause)
	}
	return false
}

// readDue is when the next call is due; the zero time where nothing tells.
func readDue(f fs.File) time.Time {
	var b [8]byte
	if n, _ := f.Read(b[:]); n != len(b) {
		return time.Time{}
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(b[:])))
}

// sharing are sharedTurns for a client: none where there is no place for them.
func sharing(known ...string) transport.Turns {
	if t := sharedTurns(known...); t != nil {
		return t
	}
	return nil
}
