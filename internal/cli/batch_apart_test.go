package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// anApart is a module with a batch of files whose queue is for workers of their own.
type anApart struct {
	aMachine
	emulator *emulator.Server
	queue    string
	workers  [][]string // what each worker is told
}

const apartKey = `
key "orders" {
  spec = "%s"
  lifecycle {
    on_immutable_change = "succeed"
  }
}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
`

const apartBatch = `
batch "archive" {
  action = "rewrap"
  key    = alias.orders.name
  verify = "all"
  %s
  source {
    files {
      path = "archive"
    }
  }
  %s
}
`

// apartQueues are the queues whose workers are processes of their own.
var apartQueues = map[string]func(t *testing.T) anApart{
	"postgres": func(t *testing.T) anApart {
		address, schema := needs(t, direct), unused()
		t.Cleanup(func() { query(t, "DROP SCHEMA IF EXISTS "+schema+" CASCADE") })
		a := anApart{queue: fmt.Sprintf("queue {\n postgres {\n schema_name = %q\n }\n }", schema), workers: [][]string{{"worker"}, {"worker"}}}
		a.env = []string{"KMSPLAN_PG_CONN_STR=" + address}
		return a
	},
	"shards": func(*testing.T) anApart {
		return anApart{queue: "queue {\n shards {\n ledger = \"ledger\"\n count = 2\n }\n }", workers: [][]string{{"worker", "-shard", "0/2"}, {"worker", "-shard", "1/2"}}}
	},
}

// newApart has objects under its key, and no batch yet.
func newApart(t *testing.T, queue string, objects int) *anApart {
	t.Helper()
	a := apartQueues[queue](t)
	a.dir, a.emulator = t.TempDir(), emulatortest.New(t)
	attach(t, a.dir, a.emulator)
	a.module(t, "Aliyun_AES_256", "")
	a.run(t, 0, "apply", "-auto-approve")
	must(t, os.Mkdir(filepath.Join(a.dir, "archive"), 0o700))
	for i := range objects {
		must(t, os.WriteFile(filepath.Join(a.dir, "archive", fmt.Sprintf("%03d", i)), fmt.Append(nil, "order ", i), 0o600))
	}
	a.run(t, 0, "encrypt", "-key", "alias/orders", "-r", "archive")
	for i := range objects {
		must(t, os.Remove(filepath.Join(a.dir, "archive", fmt.Sprintf("%03d", i))))
	}
	return &a
}

func (a *anApart) module(t *testing.T, spec, batch string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(a.dir, "main.kms.hcl"), fmt.Append(nil, theGateway, fmt.Sprintf(apartKey, spec), batch), 0o600))
}

// An apply of a key that another succeeds creates the batch in PostgreSQL and starts it, works on nothing itself, and a worker
// brings every object under the successor.
func TestAnApplyStartsABatchInPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("many commands")
	}
	a := newApart(t, "postgres", 3)
	batch := fmt.Sprintf(apartBatch, `start  = "apply"`, a.queue)
	a.module(t, "Aliyun_AES_256", batch)
	a.run(t, 0, "worker", "-migrate")
	for round, spec := range []string{"Aliyun_AES_256", "Aliyun_SM4"} { // never run, and succeeded
		a.module(t, spec, batch)
		if said := a.run(t, 2, "plan", "-detailed-exitcode"); !strings.Contains(string(said), "1 to start") {
			t.Errorf("the plan of %s says\n%s", spec, said)
		}
		before := len(a.emulator.Calls().Calls(calllog.Filter{Gateway: "instance"}))
		a.run(t, 0, "apply", "-auto-approve")
		if made := len(a.emulator.Calls().Calls(calllog.Filter{Gateway: "instance"})) - before; made > 0 {
			t.Errorf("the apply made %d key operations itself", made)
		}
		if said := string(a.run(t, 0, "batch", "status", "batch.archive")); !strings.Contains(said, "is running") {
			t.Errorf("after the apply of %s: %s", spec, said)
		}
		a.run(t, 0, "worker", "-once")
		said := string(a.run(t, 0, "batch", "status", "batch.archive"))
		want := "is done: 3 of 3 objects, 0 written, 3 at the target already"
		if round > 0 {
			want = "is done: 3 of 3 objects, 3 written"
		}
		if !strings.Contains(said, want) || !strings.Contains(said, " 0 failed") {
			t.Errorf("after the worker of %s: %s", spec, said)
		}
		if said := a.run(t, 0, "plan", "-detailed-exitcode"); strings.Contains(string(said), "to start") {
			t.Errorf("it starts again: %s", said)
		}
	}
	successor := clitest.KeyID(string(a.run(t, 0, "state", "show", "-json", "key.orders")))
	for i := range 3 {
		if said := a.run(t, 0, "inspect", fmt.Sprintf("archive/%03d.enc", i)); !strings.Contains(string(said), successor) {
			t.Errorf("object %d is not under %s:\n%s", i, successor, said)
		}
	}
}

// A rate that is set while two workers work holds for both together, as the emulator counts their calls.
func TestARateHoldsForAllWorkers(t *testing.T) {
	if testing.Short() {
		t.Skip("works for seconds")
	}
	for queue := range apartQueues {
		t.Run(queue, func(t *testing.T) {
			a := newApart(t, queue, 120)
			a.module(t, "Aliyun_AES_256", fmt.Sprintf(apartBatch, "chunk {\n objects = 10\n }\n rate {\n calls_per_second = 20\n }", a.queue))
			if queue == "postgres" {
				a.run(t, 0, "worker", "-migrate")
			}
			a.run(t, 0, "rotate", "-auto-approve", "key.orders")
			a.run(t, 1, "batch", "start", "-input=false", "batch.archive")
			a.run(t, 0, "batch", "resume", "batch.archive")
			a.emulator.Calls().Clear()
			for _, args := range a.workers {
				c := a.command(t, args...)
				must(t, c.Start())
				t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() }) // draining takes its time at this rate
			}
			a.calls(t, func(all []time.Time) bool { return len(all) > 25 })
			a.run(t, 0, "batch", "rate", "-calls-per-second", "5", "batch.archive")
			all := a.calls(t, nil)
			from := all[len(all)-1].Add(2 * time.Second)
			all = a.calls(t, func(all []time.Time) bool { return !all[len(all)-1].Before(from.Add(6 * time.Second)) })
			for len(all) > 0 && all[0].Before(from) {
				all = all[1:]
			}
			keepsTo(t, all, 5)
		})
	}
}

// late is how much later than its turn a call may be seen, on a machine that has other things to do.
const late = 250 * time.Millisecond

// keepsTo demands that calls keep to a rate, in any second and in any longer time, to one in twenty.
func keepsTo(t *testing.T, all []time.Time, rate float64) {
	t.Helper()
	most := 0
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			gone := all[j].Sub(all[i])
			if gone < time.Second {
				most = max(most, j-i+1)
				continue
			}
			if n, may := j-i+1, 1.05*rate*(gone+late).Seconds()+1; float64(n) > may {
				t.Errorf("%d calls in %v, and %.1f may be", n, gone, may)
				return
			}
		}
	}
	span := all[len(all)-1].Sub(all[0])
	t.Logf("%d calls in %v, at most %d in a second", len(all), span, most)
	if float64(len(all)) < rate/2*span.Seconds() {
		t.Errorf("%d calls in %v: the rate is not used", len(all), span)
	}
}

// calls are when key operations came, once they are as they should be.
func (a *anApart) calls(t *testing.T, until func([]time.Time) bool) (all []time.Time) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		all = nil
		for _, c := range a.emulator.Calls().Calls(calllog.Filter{Gateway: "instance"}) {
			all = append(all, c.Time)
		}
		slices.SortFunc(all, time.Time.Compare)
		if len(all) > 0 && (until == nil || until(all)) {
			return all
		}
	}
	t.Fatalf("only %d calls came", len(all))
	return nil
}
