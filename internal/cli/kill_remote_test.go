package cli

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// remoteKills is how many runners die over each store; KMSPLAN_KILLS sets another number.
func remoteKills(t *testing.T) int {
	n := 2
	if text := os.Getenv("KMSPLAN_KILLS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A runner dies at any moment of its apply, with its disk. The next one, on another machine with an empty disk, finds in the
// store what it needs: no key is lost, none is made twice.
func TestAKilledRunnerIsContinuedOnAnotherMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	for name, start := range remoteStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range remoteKills(t) {
				killRunner(t, start(t))
			}
		})
	}
}

const keysOfARunner = 8

func killRunner(t *testing.T, b aStore) {
	server := emulatortest.New(t)
	first := machine(t, b, server, keysOfARunner)
	first.run(t, 0, "init")
	apply := first.command(t, "apply", "-auto-approve", "-parallelism=4")
	after := 1 + rand.IntN(3*keysOfARunner)
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	killed := killAfter(t, apply, server, after)

	second := machine(t, b, server, keysOfARunner)
	second.run(t, 0, "init")
	unlock(t, second)
	second.run(t, 0, "plan")
	second.run(t, 0, "apply", "-auto-approve")
	second.run(t, 0, "plan", "-detailed-exitcode")
	live := keysLive(t, second)
	known := bytes.Count(second.run(t, 0, "state", "list"), []byte("\n"))
	if live != keysOfARunner+1 || known != keysOfARunner {
		t.Fatalf("killed at call %d (%v): %d keys live and %d in state, want %d and the state's own", after, killed, live, known, keysOfARunner)
	}
}

// killAfter sends SIGKILL after so many calls of the emulator, and reports whether the process was still there to be killed.
func killAfter(t *testing.T, c *exec.Cmd, server *emulator.Server, calls int) bool {
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	before, _ := server.Calls().Total()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	for {
		select {
		case <-done:
			return false
		case <-poll.C:
			if now, _ := server.Calls().Total(); now-before < uint64(calls) {
				continue
			}
			if err := c.Process.Kill(); err != nil {
				t.Log("the apply ended before it could be killed")
			}
			<-done
			return true
		}
	}
}

// killWhenFired sends SIGKILL once a fault has met its call: the service has the request, and the process no answer.
func killWhenFired(t *testing.T, c *exec.Cmd, server *emulator.Server, rule int) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case err := <-done:
			t.Fatalf("it ended before the call was made: %v", err)
		case <-poll.C:
			if !slices.ContainsFunc(server.Faults().Rules(), func(r fault.Rule) bool { return r.ID == rule && r.Fired > 0 }) {
				continue
			}
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-done
			return
		}
	}
}

var lockID = regexp.MustCompile(`force-unlock ([0-9a-f-]{36})`)

// unlock frees the lock that a dead runner holds, as the message says.
func unlock(t *testing.T, m aMachine) {
	t.Helper()
	text, _ := m.command(t, "apply", "-auto-approve", "-lock-timeout=0s").CombinedOutput()
	if named := lockID.FindSubmatch(bytes.Join(bytes.Fields(text), []byte(" "))); named != nil {
		m.run(t, 0, "force-unlock", string(named[1]))
	}
}
