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
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	// mostAhead bounds how far ahead a turn can be: a file that says more was damaged, or a clock went back.
	mostAhead = time.Minute
	// lockTries and lockPause bound the wait for a file whose holder was stopped; the call goes on without it then.
	lockTries, lockPause = 50, time.Millisecond
)

// turns are the turns that all runs of one user on this machine take at one account's quotas in a region: for each group a
// file with the time at which the next call is due, under a lock that ends with its process. Whose quotas they are an answer of
// the service tells, and a file remembers it of the credentials; before that it is who has the same credentials. What cannot be
// read holds nobody up: each run keeps to its share by itself as well.
type turns struct {
	dir, region string
	credentials string // what they are known by, digested

	mu   sync.Mutex
	name string
}

// sharedTurns are those of the account of some credentials in a region; nil where there is no place for them.
func sharedTurns(region string, credentials ...string) *turns {
	dir := turnsDir()
	if dir == "" {
		return nil
	}
	t := &turns{dir: dir, region: region, credentials: digested(append(credentials, region)...)}
	t.name = t.credentials
	if id := t.remembered(); id != "" {
		t.name = digested("account", id, region)
	}
	return t
}

func digested(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return hex.EncodeToString(sum[:8])
}

// accountID is what an account's id is like.
var accountID = pattern.New(`^[0-9]{1,32}$`)

// remembered is the account that the credentials were of when they were used last, "" when nothing tells.
func (t *turns) remembered() string {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return ""
	}
	defer root.Close()
	id, err := root.ReadFile("account-" + t.credentials)
	if err != nil || !accountID.Match(id) {
		return ""
	}
	return string(id)
}

// Account implements transport.Turns.
func (t *turns) Account(id string) {
	if t == nil || !accountID.MatchString(id) || safety.Off(safety.QuotaAccount) {
		return
	}
	name := digested("account", id, t.region)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.name == name {
		return
	}
	t.name = name
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return // it is found out again
	}
	defer root.Close()
	_ = root.WriteFile("account-"+t.credentials, []byte(id), 0o600) // as above
}

// file is the name of a group's file.
func (t *turns) file(group string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.name + "-" + strings.ReplaceAll(group, " ", "-")
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
	f, err := root.OpenFile(t.file(group), os.O_RDWR|os.O_CREATE, 0o600)
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
func sharing(region string, credentials ...string) transport.Turns {
	if t := sharedTurns(region, credentials...); t != nil {
		return t
	}
	return nil
}
