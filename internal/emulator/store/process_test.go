package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Children of the tests run this binary again in one of these roles.
const (
	roleVar  = "KMSPLAN_STORE_TEST_ROLE"
	dirVar   = "KMSPLAN_STORE_TEST_DIR"
	writers  = 8
	killRuns = 12
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "write":
		childWrites(os.Getenv(dirVar))
	case "hold":
		childHolds(os.Getenv(dirVar))
	case "fill":
		childFills(os.Getenv(dirVar))
	default:
		os.Exit(m.Run())
	}
}

func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, dirVar+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func mustOpen(dir string) *DB {
	db, err := Open(Options{Path: dir, LockTimeout: 10 * time.Second})
	if err == nil {
		err = db.Attach(notes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	return db
}

// childWrites writes for ever and prints each key after its Update returned.
func childWrites(dir string) {
	db := mustOpen(dir)
	var out sync.Mutex
	for w := range writers {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d/%d/%d", os.Getpid(), w, i)
				err := db.Update(func(tx *Tx) error {
					notes.Put(tx, key, note{Text: key, Owner: "child"})
					notes.Put(tx, "twin/"+key, note{Text: key})
					return nil
				})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(4)
				}
				out.Lock()
				fmt.Println(key)
				out.Unlock()
			}
		}()
	}
	select {}
}

// Killed in the middle of its writes, a process loses none that it acknowledged
// and leaves none half done.
func TestKilledProcessLosesNoAcknowledgedWrite(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for run := range killRuns {
		acknowledged = append(acknowledged, killAfter(t, dir, 5+run*11)...)
		db := open(t, Options{Path: dir, LockTimeout: 10 * time.Second})
		got := contents(db)
		for _, key := range acknowledged {
			if got[key] != key {
				t.Fatalf("run %d: acknowledged write %s is lost", run, key)
			}
		}
		for key := range got {
			if twin := strings.TrimPrefix(key, "twin/"); twin == key && got["twin/"+key] != key {
				t.Fatalf("run %d: the Update that wrote %s is half there", run, key)
			}
		}
		db.Close()
	}
}

// killAfter kills a writing child after it acknowledged n writes and returns all
// that it did acknowledge.
func killAfter(t *testing.T, dir string, n int) []string {
	t.Helper()
	cmd := child(t, "write", dir)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		keys = append(keys, strings.TrimSpace(line))
		if len(keys) == n {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if len(keys) < n {
		t.Fatalf("the child acknowledged %d writes before it ended, want %d", len(keys), n)
	}
	return keys
}

// childHolds opens the store, says so, and lets go when its input ends.
func childHolds(dir string) {
	db := mustOpen(dir)
	fmt.Println("held")
	bufio.NewReader(os.Stdin).ReadString('\n')
	db.Close()
}

func TestDirectoryBelongsToOneProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "hold", dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
	_, err = Open(Options{Path: dir, LockTimeout: time.Millisecond})
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("Open = %v, want a LockedError", err)
	}
	if locked.Holder.PID != cmd.Process.Pid || locked.Holder.Since.IsZero() || locked.Path != dir {
		t.Errorf("holder = %+v, want process %d", locked, cmd.Process.Pid)
	}
	if want := fmt.Sprintf("process %d on ", cmd.Process.Pid); !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	// A second that waits gets its turn.
	opened := make(chan error, 1)
	go func() {
		db, err := Open(Options{Path: dir, LockTimeout: 30 * time.Second})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	in.Close()
	if err := <-opened; err != nil {
		t.Errorf("waiting Open = %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestFullDiskIsACleanError(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "fill", dir).Output()
	if err != nil {
		t.Fatalf("child: %v: %s", err, out)
	}
	var kept int
	if _, err := fmt.Sscan(string(out), &kept); err != nil || kept == 0 {
		t.Fatalf("child said %q", out)
	}
	if !strings.Contains(string(out), "is full, nothing was changed") {
		t.Errorf("child said %q", out)
	}
	db := open(t, Options{Path: dir})
	if n := len(contents(db)); n != kept {
		t.Errorf("%d records after a restart, want the %d acknowledged", n, kept)
	}
	put(t, db, "room again", note{})
}
