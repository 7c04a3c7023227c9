package ops

import (
	"os"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
)

// TestAFileRestsWhenNeitherStampIsYoung: both count, whichever a program may have set, and a system that tells no ctime
// vouches for nothing.
func TestAFileRestsWhenNeitherStampIsYoung(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	before := func(d time.Duration) int64 { return now.Add(-d).UnixNano() }
	for name, tt := range map[string]struct {
		f    durable.Facts
		want bool
	}{
		"old":             {durable.Facts{Mtime: before(time.Hour), Ctime: before(time.Hour)}, true},
		"written lately":  {durable.Facts{Mtime: before(time.Second), Ctime: before(time.Second)}, false},
		"within the time": {durable.Facts{Mtime: before(settled), Ctime: before(settled)}, false},
		"a set mtime":     {durable.Facts{Mtime: before(time.Hour), Ctime: before(time.Second)}, false},
		"a young mtime":   {durable.Facts{Mtime: before(time.Second), Ctime: before(time.Hour)}, false},
		"from the future": {durable.Facts{Mtime: before(-time.Hour), Ctime: before(time.Hour)}, false},
		"no ctime":        {durable.Facts{Mtime: before(time.Hour)}, false},
	} {
		if got := restedAt(tt.f, now); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWhoMayHaveWrittenAFile, and who may read one: its mode counts, and its owner, of whom root need not be one.
func TestWhoMayHaveWrittenAFile(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	me := os.Geteuid()
	for mode, want := range map[os.FileMode]struct{ ours, exposed bool }{
		0o600: {true, false}, 0o400: {true, false}, 0o620: {false, true}, 0o602: {false, true}, 0o640: {false, true}, 0o604: {false, true},
	} {
		info, err := os.Stat(r.write("f", nil, mode))
		r.must(err)
		owner, _ := durable.OwnerOf(info)
		if owner < 0 {
			t.Skip("this system tells no owners")
		}
		if got := ours(info, me); got != want.ours {
			t.Errorf("%o: ours %v", mode, got)
		}
		if ours(info, me+1) {
			t.Errorf("%o: another user's file counts as ours", mode)
		}
		if got := exposed(info, 0o600, me); got != want.exposed {
			t.Errorf("%o: exposed %v", mode, got)
		}
		if !exposed(info, 0o600, me+1) {
			t.Errorf("%o: another user's file is not exposed", mode)
		}
		if got := exposed(info, 0o600, 0); got != want.exposed {
			t.Errorf("%o: exposed to root %v", mode, got)
		}
	}
}

// TestAFileThatChangesWhileItIsComparedIsNotRemembered: what was digested is not what is there now.
func TestAFileThatChangesWhileItIsComparedIsNotRemembered(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir()}
	path := r.write("a", []byte("content"), 0o600)
	key := make([]byte, state.FingerprintKeySize)
	f, err := os.Open(path)
	r.must(err)
	defer f.Close()
	if !stamps(f.Fd()) {
		t.Skip("this file system is not one that is trusted")
	}
	digest, err := digestOf(f)
	r.must(err)
	print, err := state.NewFingerprints(func() ([]byte, error) { return key, nil }).New("data.encrypt.e", digest[:])
	r.must(err)
	known := state.File{SourceDigest: print, Size: int64(len("content"))}
	for name, tt := range map[string]struct {
		change func()
		want   int
	}{
		"at rest": {func() {}, 1},
		"written": {func() { r.must(os.Truncate(path, 3)) }, 0}, // shows by size, however coarse the clock is
	} {
		r.write("a", []byte("content"), 0o600)
		prints := state.NewFingerprints(func() ([]byte, error) { tt.change(); return key, nil }) // asked for after the digest
		s := openSightings(r.root(), prints, func() time.Time { return time.Now().Add(2 * settled) })
		if match, err := s.match("a", known); match != state.Same || err != nil {
			t.Errorf("%s: %v, %v", name, match, err)
		}
		if len(s.known) != tt.want {
			t.Errorf("%s: remembered %v", name, s.known)
		}
	}
}

// TestAFileSystemThatStampsNoWriteIsNotTrusted: what lies on tmpfs is digested each time.
func TestAFileSystemThatStampsNoWriteIsNotTrusted(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "kmsplan")
	if err != nil {
		t.Skip("no tmpfs here:", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if mounts, err := os.ReadFile("/proc/mounts"); err != nil || !strings.Contains(string(mounts), " /dev/shm tmpfs ") {
		t.Skip("/dev/shm is no tmpfs")
	}
	r := &rig{t: t, dir: dir}
	path := r.write("a", []byte("content"), 0o600)
	s := openSightings(r.root(), nil, func() time.Time { return time.Now().Add(2 * settled) })
	known := state.File{SourceDigest: fingerprintOf(t, path), Size: int64(len("content"))}
	if match, err := s.match("a", known); match != state.Same || err != nil || len(s.known) > 0 {
		t.Errorf("%v, %v, remembered %v", match, err, s.known)
	}
}
