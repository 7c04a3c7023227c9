//go:build linux

package batches

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// phase is one run of a batch, from its approval to its end.
type phase struct {
	r      *rig
	name   string
	batch  string
	since  uint64 // the emulator's calls before
	events []event
	down   time.Duration // of the database
}

type event struct {
	part float64 // of the objects that are dealt with
	do   func()
}

func (r *rig) phase(name string) *phase {
	total, _ := r.server.Calls().Total()
	of := "rewrap"
	if strings.HasPrefix(name, "encrypt") {
		of = "seal"
	}
	return &phase{r: r, name: name, batch: of, since: total}
}

// at has something happen when that part of the objects is dealt with.
func (p *phase) at(part float64, do func()) { p.events = append(p.events, event{part, do}) }

// crash ends the database as a power cut does, and starts it again.
func (p *phase) crash() {
	from := time.Now()
	p.r.pg.Down()
	time.Sleep(time.Second)
	p.r.pg.Up()
	p.down += time.Since(from)
}

// longest is how long a phase may take without a step forward.
const longest = 5 * time.Minute

// until approves the batch with batch start, and goes through the events until it is done.
func (p *phase) until() {
	p.r.t.Helper()
	var said bytes.Buffer
	c := p.r.command("batch", "start", "-auto-approve", "batch."+p.batch)
	c.Stdout, c.Stderr = &said, &said
	p.r.must(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	slices.SortStableFunc(p.events, func(a, b event) int { return int(1e6 * (a.part - b.part)) })
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	done, last, began := int64(0), time.Now(), time.Now()
	for {
		record, err := p.r.queue.Record(p.r.t.Context(), "batch."+p.batch)
		if err == nil && record.Tally.Objects != done {
			done, last = record.Tally.Objects, time.Now()
		}
		for err == nil && len(p.events) > 0 && float64(done) >= p.events[0].part*float64(p.r.objects) && (done > 0 || record.Chunks.Running > 0) {
			p.events[0].do()
			p.events = p.events[1:]
		}
		if err == nil && record.Status == batch.Done {
			break
		}
		if time.Since(last) > longest {
			_ = c.Process.Kill()
			p.r.t.Fatalf("%s: nothing for %v; the record is %+v, %v\nbatch start: %s", p.name, longest, record, err, said.Bytes())
		}
		p.r.fleet.look()
		<-tick.C
	}
	if len(p.events) > 0 {
		p.r.t.Errorf("%s: %d events did not happen", p.name, len(p.events))
	}
	p.started(c, <-ended, &said)
	p.r.t.Logf("%s: %v", p.name, time.Since(began).Round(100*time.Millisecond))
}

// started looks at how the batch start ended that watched.
func (p *phase) started(c *exec.Cmd, err error, said *bytes.Buffer) {
	p.r.t.Helper()
	want := 0
	if p.batch == "rewrap" {
		want = 2 // objects failed
	}
	if got := c.ProcessState.ExitCode(); got != want || !bytes.Contains(said.Bytes(), []byte("is done")) {
		p.r.t.Errorf("%s: batch start ended with %d, want %d: %v\n%s", p.name, got, want, err, said.Bytes())
	}
}

// calls are those of cryptography since the phase began.
func (p *phase) calls() []calllog.Call {
	return p.r.server.Calls().Calls(calllog.Filter{Since: p.since, Gateway: string(engine.Dedicated)})
}

// silent demands that there were none.
func (p *phase) silent() {
	p.r.t.Helper()
	if calls := p.calls(); len(calls) > 0 {
		p.r.t.Errorf("%s: %d calls, the first is %+v", p.name, len(calls), calls[0])
	}
}

// held looks at the calls beside the rate: how many there were, the most in any second, and how much of it was used while
// the database was there. The rate is demanded where there is enough work to tell.
func (p *phase) held(least int) {
	p.r.t.Helper()
	var at []time.Time
	refused := 0
	for _, c := range p.calls() {
		at = append(at, c.Time)
		if c.Status != 200 {
			refused++
		}
	}
	if len(at) < least {
		p.r.t.Fatalf("%s: %d calls, and %d is the least", p.name, len(at), least)
	}
	slices.SortFunc(at, time.Time.Compare)
	most, from := 0, 0
	for i := range at {
		for at[i].Sub(at[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	all, idle := at[len(at)-1].Sub(at[0]), idle(at)
	used := float64(len(at)) / (all - idle).Seconds() / perSecond
	p.r.t.Logf("%s: %d calls, %d is the least, %d refused, in %.1f s, at most %d in any second; %.1f %% of the quota, and %.1f %% but for %.1f s in which the database was down (%.1f s) or all chunks left were of workers that are dead",
		p.name, len(at), least, refused, all.Seconds(), most, 100*float64(len(at))/all.Seconds()/perSecond, 100*used, idle.Seconds(), p.down.Seconds())
	p.seconds(at)
	if !p.r.full {
		return
	}
	if most > perSecond*105/100 {
		p.r.t.Errorf("%s: %d calls in a second", p.name, most)
	}
	if used < 0.9 && os.Getenv("KMSPLAN_TRIAL_QUIET") != "" {
		p.r.t.Errorf("%s: %.1f %% of the quota were used", p.name, 100*used)
	}
}

// idle is the time without any call for three seconds and more: nobody has work, or the database is down.
func idle(at []time.Time) (d time.Duration) {
	for i := range at[1:] {
		if gap := at[i+1].Sub(at[i]); gap >= 3*time.Second {
			d += gap
		}
	}
	return d
}

// seconds shows the calls of each second.
func (p *phase) seconds(at []time.Time) {
	var counts []int
	for _, t := range at {
		s := int(t.Sub(at[0]) / time.Second)
		for len(counts) <= s {
			counts = append(counts, 0)
		}
		counts[s]++
	}
	p.r.t.Logf("%s: by the second: %v", p.name, counts[:min(len(counts), 90)])
	slices.Sort(counts)
	p.r.t.Logf("%s: half of the seconds have %d calls and more", p.name, counts[len(counts)/2])
}
