package crowd

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// What a process of a test is told by its environment.
const (
	placeVariable  = "KMSPLAN_CROWD_PLACE"  // where the store lies, in the words of the store's test
	jobVariable    = "KMSPLAN_CROWD_JOB"    // write, run
	nameVariable   = "KMSPLAN_CROWD_NAME"   // of the process; what it stores begins with it
	roundsVariable = "KMSPLAN_CROWD_ROUNDS" // how often it writes
	holderVariable = "KMSPLAN_CROWD_HOLDER" // the file that tells two holders of a lock apart
)

// Open opens the store that lies at place.
type Open func(ctx context.Context, place string) (state.Store, error)

// Child does a process's work, and reports whether this process is one. A test that uses this package calls it first.
func Child(t *testing.T, open Open) bool {
	place, ok := os.LookupEnv(placeVariable)
	if !ok {
		return false
	}
	s, err := open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	name := os.Getenv(nameVariable)
	switch job := os.Getenv(jobVariable); job {
	case "write":
		rounds, _ := strconv.Atoi(os.Getenv(roundsVariable))
		err = write(t.Context(), s, name, rounds)
	case "run":
		err = runForever(t.Context(), s, name)
	default:
		err = fmt.Errorf("no such job: %q", job)
	}
	if err != nil {
		fmt.Printf("failed %v\n", err)
		t.Fatal(err)
	}
	return true
}

// process is one of them.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func start(t *testing.T, place, job, name string, more ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+top+"$", "-test.timeout="+longest())
	cmd.Env = append(os.Environ(), append([]string{placeVariable + "=" + place, jobVariable + "=" + job, nameVariable + "=" + name}, more...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd, bufio.NewScanner(out)}
}

// longest is when a process that nobody ended ends itself.
func longest() string {
	if os.Getenv(statetest.Long) != "" {
		return "4h"
	}
	return "20m"
}

// say is a line that the parent reads, whole, or not at all if the process dies.
func say(word string, values ...any) { fmt.Print(word + " " + fmt.Sprintln(values...)) }

// next is the next line that the process said to its parent; "" at its end.
func (p *process) next() (word, value string) {
	for p.lines.Scan() {
		word, value, _ = strings.Cut(p.lines.Text(), " ")
		switch word {
		case "locking", "begins", "began", "found", "stored", "stale", "failed":
			return word, value
		}
	}
	return "", ""
}

func intent(id string) state.Entry {
	return state.Begin(state.Intent{ID: "intent-" + id, Address: "key." + id, Kind: "key", Operation: "CreateKey", Token: "token-" + id, At: time.Now().UTC()})
}

func record(id string) state.Entry {
	return state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id, Attributes: map[string]any{"n": 1.0}})
}
