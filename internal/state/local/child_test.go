package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// The tests of this file's children run the test binary itself: a child is a real
// process that dies for real.

const childEnv = "KMSPLAN_STATE_TEST_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		if err := child(job, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child does one job on the state at args[0].
func child(job string, args []string) error {
	ctx := context.Background()
	prepareChild(job)
	l, err := local.Open(args[0], local.Options{})
	if err != nil {
		return err
	}
	switch job {
	case "write forever":
		for i := 0; ; i++ {
			if err := statetest.AddResource(ctx, l, args[1]+"_"+strconv.Itoa(i)); err != nil {
				return err
			}
			fmt.Println(i)
		}
	case "append forever":
		return appendForever(ctx, l)
	case "write":
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		for i := range n {
			if err := statetest.AddResource(ctx, l, args[1]+"_"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case "move without locks":
		return moveForever(ctx, args[0], args[1])
	case "small files":
		return fillLimited(ctx, l)
	case "open umask":
		return statetest.AddResource(ctx, l, "b")
	case "hold":
		if _, err := l.Lock(ctx, state.NewLockInfo("hold", time.Now())); err != nil {
			return err
		}
		j, _, err := state.Open(ctx, l, "test")
		if err == nil {
			err = j.Append(record("held"))
		}
		if err != nil {
			return err
		}
		fmt.Println("held")
		select {}
	}
	return nil
}

func command(t testing.TB, job string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), must(os.Executable()), args...)
	cmd.Env = append(os.Environ(), childEnv+"="+job)
	return cmd
}

func TestKill9LeavesAReadableStateWithEveryAcknowledgedWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	l := openLocal(t, path)
	kills := 300
	if testing.Short() {
		kills = 20
	}
	for kill := range kills {
		acked := killWhileTalking(t, command(t, "write forever", path, fmt.Sprint("c", kill)), kill)
		st, _, err := l.Read(t.Context())
		if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		if acked < 0 {
			continue
		}
		if _, ok := state.Find(st, fmt.Sprintf("key.c%d_%d", kill, acked)); !ok {
			t.Fatalf("kill %d: write %d was acknowledged and is lost", kill, acked)
		}
		if len(st.Resources) > 40 { // keep the rounds alike
			st.Resources = nil
			st = st.Next("test")
			if _, err := l.CompareAndSwap(t.Context(), must2(l.Read(t.Context())), st); err != nil {
				t.Fatal(err)
			}
		}
	}
	old := time.Now().Add(-time.Hour)
	for _, left := range temporaries(path) {
		if err := os.Chtimes(left, old, old); err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, "last")
	if left := temporaries(path); len(left) > 0 {
		t.Errorf("dead writers' temporaries pile up: %v", left)
	}
}

// temporaries are the files beside a state, and among its generations, that have no place of their own.
func temporaries(path string) []string {
	return append(must(filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp"))), must(filepath.Glob(path+".d/.*.tmp"))...)
}

func must2[T, U any](_ T, u U, err error) U {
	if err != nil {
		panic(err)
	}
	return u
}

// killWhileTalking kills the child at a moment that varies with n, and returns the last
// number it printed, or -1.
func killWhileTalking(t *testing.T, cmd *exec.Cmd, n int) int {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	last, lines := -1, bufio.NewScanner(out)
	for lines.Scan() {
		if last = must(strconv.Atoi(lines.Text())); last == n%4 {
			time.AfterFunc(time.Duration(n*37%1500)*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return last
}

func TestConcurrentProcessesLoseNoUpdate(t *testing.T) {
	const processes, each = 16, 6
	path := filepath.Join(t.TempDir(), "s.json")
	var running []*exec.Cmd
	for p := range processes {
		cmd := command(t, "write", path, fmt.Sprint("p", p), strconv.Itoa(each))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	st, _, err := openLocal(t, path).Read(t.Context())
	if err != nil || len(st.Resources) != processes*each || st.Serial != processes*each {
		t.Errorf("%d objects at serial %d, %v; want %d", len(st.Resources), st.Serial, err, processes*each)
	}
}

// moveForever gives key.mover… new addresses, each by one edit of its own store, and prints what was acknowledged.
func moveForever(ctx context.Context, path, mover string) error {
	from := mover + "_0"
	for i := 1; i <= edits; i++ {
		seam, err := durable.ParseFault("skip:lock:1+")
		if err != nil {
			return err
		}
		l, err := local.Open(path, local.Options{Disk: seam})
		if err != nil {
			return err
		}
		to := fmt.Sprintf("%s_%d", mover, i)
		err = state.Locked(ctx, l, state.NewLockInfo("state mv", epoch), 0, func(at state.Position) error {
			next, err := state.Move(at.State, "key."+from, "key."+to)
			if err == nil {
				_, err = l.CompareAndSwap(ctx, at.Version, next.Next("test"))
			}
			return err
		})
		if err != nil {
			i-- // somebody was faster: it was not acknowledged
			continue
		}
		from = to
		fmt.Println(i)
	}
	return nil
}

const edits = 6

// Case P11: six processes at once, each `state mv` after `state mv`, on a file system whose locks do nothing: none of 36
// acknowledged edits is lost.
func TestNoAcknowledgedEditIsLostWhereLocksDoNothing(t *testing.T) {
	const movers = 6
	path := filepath.Join(t.TempDir(), "s.json")
	l := openLocal(t, path)
	var running []*exec.Cmd
	for m := range movers {
		add(t, l, fmt.Sprintf("m%d_0", m))
	}
	for m := range movers {
		cmd := command(t, "move without locks", path, fmt.Sprint("m", m))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	st, _, err := l.Read(t.Context())
	if err != nil || len(st.Resources) != movers || st.Serial != movers+movers*edits {
		t.Errorf("%d objects at serial %d, %v", len(st.Resources), st.Serial, err)
	}
	for m := range movers {
		if _, ok := state.Find(st, fmt.Sprintf("key.m%d_%d", m, edits)); !ok {
			t.Errorf("edits of key.m%d were lost: %+v", m, st.Resources)
		}
	}
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestADeadHoldersLockIsFree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	cmd := command(t, "hold", path)
	out := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewScanner(out).Scan()
	l := openLocal(t, path)
	_, err := l.Lock(t.Context(), state.NewLockInfo("plan", time.Now()))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint("process ", cmd.Process.Pid)) {
		t.Fatalf("locking against a living holder gave %v", err)
	}
	if _, err := l.Begin(t.Context()); !errors.Is(err, state.ErrJournalBusy) {
		t.Errorf("beginning beside a living process gave %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	u, err := l.Lock(t.Context(), state.NewLockInfo("plan", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Unlock(); err != nil {
		t.Fatal(err)
	}
	j, at, err := state.Open(t.Context(), l, "test")
	if err != nil || len(at.State.Resources) != 1 {
		t.Fatalf("the dead process left %+v, %v", at.State, err)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
}
