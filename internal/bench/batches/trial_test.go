//go:build linux

package batches

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/durable"
)

// The trial. KMSPLAN_TRIAL_OBJECTS sets another number of objects in each store: from 10,000 on the rate is held to its ceiling as
// well, and with KMSPLAN_TRIAL_QUIET, on a machine that has nothing else to do, to what is to be used of it.
const (
	fewObjects = 1000
	perKey     = 2   // objects to a data key
	perSecond  = 300 // calls
	poisoned   = 3   // objects that are no envelopes
	foreign    = 5   // objects that another program seals anew in the middle
)

// size is how many objects a store gets, and whether that is enough to measure the rate.
func size(t *testing.T) (objects int, full bool) {
	text := os.Getenv("KMSPLAN_TRIAL_OBJECTS")
	if text == "" {
		return fewObjects, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		t.Fatalf("KMSPLAN_TRIAL_OBJECTS=%q: a number from 100", text)
	}
	return n, n >= 10_000
}

// program is kmsplan, built as users have it when the first store needs it.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "kmsplan")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "kmsplan.dev/kmsplan/cmd/kmsplan").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build kmsplan: %w: %s", err, out)
	}
	return path, nil
})

// scratch is a directory for the whole run.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "kmsplan-batches-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// Objects are encrypted, their key rotated, and rewrapped, in each store, by four workers that are killed at random under a
// queue whose database crashes, with a rotation in the middle; chunks are given to two workers at once, and then all of
// them once more. Every object opens to what it was and is under the target, later, or named; none is written twice, and
// what is done costs no call.
func TestBatchesOnRealServers(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of many processes")
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			objects, full := size(t)
			if !full {
				t.Parallel() // most of it is waiting for workers that are dead
			}
			try(t, objects, full, open)
		})
	}
}

func try(t *testing.T, objects int, full bool, open func(*testing.T, *rig) store) {
	r := newRig(t, objects, full)
	r.store = open(t, r)
	r.prepare()
	r.encrypted()
	r.run(0, "rotate", "-auto-approve", "key.orders")
	r.target = r.primary()
	r.rewrapped()
	r.deliveredAgain()
	r.opens()
	r.discreet()
	t.Logf("peak memory of %d workers: at most %.1f MiB; %d were killed, %d ended by themselves", r.fleet.started, float64(r.fleet.peak)/1024, r.fleet.kills, r.fleet.fell)
	const most = 64 << 10
	if r.fleet.peak > most {
		t.Errorf("a worker took %d KiB", r.fleet.peak)
	}
}

// encrypted has the batch make envelopes of all objects, with workers that are killed, and run again to no effect.
func (r *rig) encrypted() {
	r.t.Helper()
	r.begin("seal")
	p := r.phase("encrypt")
	p.at(0.2, r.fleet.killOne)
	p.at(0.2+0.5*rand.Float64(), r.fleet.killOne)
	p.until()
	p.held(2 * r.keys())
	r.written("encrypted", r.objects, nil)

	r.begin("seal")
	p = r.phase("encrypt again")
	p.until()
	p.silent()
	r.written("encrypted again", 0, nil)
}

// rewrapped has it bring them under the new version, with everything that may happen.
func (r *rig) rewrapped() {
	r.t.Helper()
	poison := map[string]bool{}
	for i := range poisoned {
		n := r.name((2*i + 1) * r.objects / (2 * poisoned))
		poison[n] = true
		r.store.put(r.t, n, []byte("canary of what is no envelope"))
	}
	r.begin("rewrap")
	r.keepQueue()
	p := r.phase("rewrap")
	for range 4 {
		p.at(0.05+0.7*rand.Float64(), r.fleet.killOne)
	}
	for i := range 3 {
		p.at(0.1+0.25*float64(i), r.takeAway)
	}
	strangers := map[string]bool{}
	p.at(0.3, func() {
		r.run(0, "rotate", "-auto-approve", "key.orders")
		r.later = r.primary()
		for i := range foreign {
			n := r.name(r.objects - 1 - 2*i)
			strangers[n] = true
			r.store.put(r.t, n, r.sealed(n))
		}
	})
	p.at(0.5, p.crash)
	p.until()
	p.held(3 * r.keys())
	record := r.record("rewrap")
	if record.Status != batch.Done || record.Tally.Failed != poisoned || record.Tally.Objects != int64(r.objects) {
		r.t.Errorf("the record is %+v", record)
	}
	if named := r.failures("rewrap"); !maps.Equal(named, poison) {
		r.t.Errorf("the report names %v, and poisoned were %v", named, poison)
	}
	r.poison = poison
	r.written("rewrapped", r.objects-poisoned-len(strangers), func(n string) bool { return poison[n] || strangers[n] })
	r.t.Logf("rewrap: %d written, %d at the target already, %d newer, %d chunks of %d were delivered more than once; %d kills",
		record.Tally.Written, record.Tally.Already, record.Tally.Newer, r.twice(), record.Spec.Chunks, r.fleet.kills)
	if r.twice() == 0 {
		r.t.Error("no chunk was given to two workers")
	}
}

// deliveredAgain brings the queue back as it was before the first chunk, as from a backup: all of it is delivered again.
func (r *rig) deliveredAgain() {
	r.t.Helper()
	r.fleet.drain()
	r.bringBack()
	if record := r.record("rewrap"); record.Tally.Objects != 0 {
		r.t.Fatalf("the queue is not as it was: %+v", record)
	}
	r.fleet.fill()
	p := r.phase("every chunk again")
	p.until()
	p.silent()
	if record := r.record("rewrap"); record.Status != batch.Done || record.Tally.Written != 0 {
		r.t.Errorf("the record is %+v", record)
	}
	r.written("delivered again", 0, nil)
	r.fleet.drain()
}

// written demands that the store counts so many writes since the last time, none of one object twice, and of those that
// may be exempt none or one.
func (r *rig) written(what string, want int, exempt func(name string) bool) {
	r.t.Helper()
	now := r.store.writes(r.t)
	n, twice := 0, 0
	for _, name := range slices.Sorted(maps.Keys(now)) {
		since := now[name] - r.writes[name]
		if since > 1 {
			if twice++; twice < 5 {
				r.t.Errorf("%s: %s was written %d times", what, name, since)
			}
		}
		if exempt == nil || !exempt(name) {
			n += since
		}
	}
	r.writes = now
	r.t.Logf("%s: the store counts %d writes, %d objects twice", what, n, twice)
	if n != want || twice > 0 {
		r.t.Errorf("%s: the store counts %d writes of %d, %d objects were written twice", what, n, want, twice)
	}
}

// opens demands of every object that it opens to its plaintext and is under the target or the later version, but for those
// that the report names.
func (r *rig) opens() {
	r.t.Helper()
	began, under := time.Now(), map[string]int{}
	for i := range r.objects {
		n := r.name(i)
		content := r.store.get(r.t, n)
		if r.poison[n] {
			continue
		}
		plain, version, err := r.open(content)
		if err != nil || string(plain) != string(r.plain(i)) {
			r.t.Fatalf("%s opens to %d bytes: %v", n, len(plain), err)
		}
		under[version]++
	}
	r.t.Logf("opened %d objects in %v: %d under the target, %d under the later version", r.objects, time.Since(began).Round(time.Second), under[r.target], under[r.later])
	if under[r.target]+under[r.later] != r.objects-poisoned || under[r.target] == 0 || under[r.later] < foreign {
		r.t.Errorf("objects are under %v; the target is %s, and %s came in the middle", under, r.target, r.later)
	}
	if f, ok := r.store.(*filesStore); ok {
		for _, left := range f.names(r.t) {
			if durable.IsTemp(filepath.Base(left)) {
				r.t.Errorf("%s stays", left)
			}
		}
	}
}

// discreet demands that neither a plaintext nor the AccessKey's secret is in the module's directory: state, plans, manifests and
// what workers said.
func (r *rig) discreet() {
	r.t.Helper()
	secrets := [][]byte{[]byte("canary of"), []byte(r.server.Ready().AccessKeySecret)}
	r.must(filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for i, secret := range secrets {
			if bytes.Contains(content, secret) {
				r.t.Errorf("%s holds secret %d", path, i)
			}
		}
		return err
	}))
}
