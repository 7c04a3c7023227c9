package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
			for range remoteKills(t) {
				killRunner(t, start(t))
			}
		})
	}
}

const keysOfARunner = 8

func killRunner(t *testing.T, b aStore) {
	server := emulatortest.New(t)
	first := machine(t, b, server)
	run(t, first.dir, 0, "init")
	apply := kmsplan(t, first.dir, "apply", "-auto-approve", "-parallelism=4")
	after := 1 + rand.IntN(3*keysOfARunner)
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	killed := killAfter(t, apply, server, after)

	second := machine(t, b, server)
	run(t, second.dir, 0, "init")
	unlock(t, second.dir)
	run(t, second.dir, 0, "plan")
	run(t, second.dir, 0, "apply", "-auto-approve")
	run(t, second.dir, 0, "plan", "-detailed-exitcode")
	var listed struct{ TotalCount int }
	if err := json.Unmarshal(run(t, second.dir, 0, "kms", "ListKeys", "-json"), &listed); err != nil {
		t.Fatal(err)
	}
	known := bytes.Count(run(t, second.dir, 0, "state", "list"), []byte("\n"))
	if listed.TotalCount != keysOfARunner+1 || known != keysOfARunner {
		t.Fatalf("killed at call %d (%v): %d keys live and %d in state, want %d and the state's own", after, killed, listed.TotalCount, known, keysOfARunner)
	}
}

type aMachine struct{ dir string }

// machine is an empty disk with the module on it.
func machine(t *testing.T, b aStore, server *emulator.Server) aMachine {
	t.Helper()
	dir := t.TempDir()
	for _, pair := range b.env {
		k, v, _ := strings.Cut(pair, "=")
		t.Setenv(k, v)
	}
	if err := server.WriteReadyFile(filepath.Join(dir, "ready.json")); err != nil {
		t.Fatal(err)
	}
	module := fmt.Sprintf(`gateway "dev" {
  emulator {
    ready_file = "ready.json"
  }
}
key "k" {
  for_each    = toset([for i in range(%d) : "k${i}"])
  description = each.key
}
`, keysOfARunner)
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(module)
	if bytes.Contains(run(t, dir, 0, "kms", "ListAliases", "-json"), []byte("alias/state")) {
		write(b.settings("alias/state") + module)
		return aMachine{dir}
	}
	instance := regexp.MustCompile(`kst-[a-z0-9]+`).FindString(string(run(t, dir, 0, "kms", "ListKmsInstances", "-json")))
	var made struct {
		KeyMetadata struct{ KeyId string }
	}
	if err := json.Unmarshal(run(t, dir, 0, "kms", "CreateKey", "-dkms-instance-id", instance, "-json"), &made); err != nil {
		t.Fatal(err)
	}
	run(t, dir, 0, "kms", "CreateAlias", "-alias-name", "alias/state", "-key-id", made.KeyMetadata.KeyId)
	write(b.settings("alias/state") + module)
	return aMachine{dir}
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
func unlock(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	self := kmsplan(t, dir, "apply", "-auto-approve", "-lock-timeout=0s")
	c := exec.CommandContext(ctx, self.Path, self.Args[1:]...)
	c.Env = self.Env
	text, _ := c.CombinedOutput()
	if m := lockID.FindSubmatch(bytes.Join(bytes.Fields(text), []byte(" "))); m != nil {
		run(t, dir, 0, "force-unlock", string(m[1]))
	}
}
