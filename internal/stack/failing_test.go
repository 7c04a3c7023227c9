package stack_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// worked is something that a user does with a stack: what there is to do the nth time, and the doing of it.
type worked struct {
	name  string
	ready func(r *rig, n int)
	do    func(r *rig) error
}

// stackWithFiles has a key with an alias, a file that is kept encrypted, and one that is rewrapped.
const stackWithFiles = "key \"k\" {\n  description = \"%d\"\n}\n" + anAlias + `data "encrypt" "e" {
  key    = key.k.id
  source = "plain"
  output = "out.enc"
}
data "rewrap" "w" {
  key    = key.k.id
  source = "kept/*.enc"
}
`

var works = []worked{
	{"plan", func(r *rig, n int) { r.write("main.kms.hcl", attached+fmt.Sprintf(stackWithFiles, n)) }, (*rig).tryPlan},
	{"apply", func(r *rig, n int) {
		r.write("main.kms.hcl", attached+fmt.Sprintf(stackWithFiles, n))
		r.write("plain", fmt.Sprintf("apply %d", n))
	}, func(r *rig) error { return r.tryApply(r.t.Context()) }},
	{"run", func(r *rig, n int) { r.write("plain", fmt.Sprintf("run %d", n)) }, (*rig).tryRun},
	{"rewrap", func(r *rig, n int) {
		r.call("CreateKeyVersion", map[string]any{"KeyId": r.idOf("key.k")})
	}, (*rig).tryRun},
	{"state mv", func(*rig, int) {}, (*rig).moveThereAndBack},
}

func (r *rig) tryPlan() error {
	s, err := stack.Open(r.module(), r.options)
	if err != nil {
		return err
	}
	defer r.close(s)
	if err := s.Survey(r.t.Context(), "plan", plan.Scope{}); err != nil {
		return err
	}
	_, _, err = s.Plan(r.t.Context(), plan.Scope{})
	return err
}

func (r *rig) tryRun() error {
	s, err := stack.OpenForFiles(r.module(), r.options)
	if err != nil {
		return err
	}
	defer r.close(s)
	_, _, err = s.Run(r.t.Context(), stack.Running{})
	return err
}

// moveThereAndBack gives a key another address and its own again. It begins where an attempt that failed ended.
func (r *rig) moveThereAndBack() error {
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		return err
	}
	defer stored.Close()
	st, _, err := stored.Read(r.t.Context())
	if err != nil {
		return err
	}
	ways := [][2]string{{"key.k", "key.moved"}, {"key.moved", "key.k"}}
	if _, there := state.Find(st, "key.moved"); there {
		ways = ways[1:]
	}
	for _, w := range ways {
		if err := stored.Edit(r.t.Context(), "state mv", func(st state.State) (state.State, error) { return state.Move(st, w[0], w[1]) }); err != nil {
			return err
		}
	}
	return nil
}

// sweep does each work while its nth call fails, for n until none is left to fail, and then without a fault: it ends as if nothing
// had happened. broken makes the nth call of the next work fail, and returns how to mend that and whether it was made.
func sweep(t *testing.T, broken func(r *rig, service *emulator.Server, place remote.Place, n int) (mend func() (hit bool))) {
	for _, w := range works {
		t.Run(w.name, func(t *testing.T) {
			service := emulatortest.New(t)
			r := machineOn(t, service, fmt.Sprintf(stackWithFiles, 0))
			hours := 0
			now := func() time.Time { return time.Now().Add(time.Duration(hours) * time.Hour) }
			place := placetest.NewMemory()
			working := remote.New(remote.Retry(place, placetest.Quick), remote.Options{Now: now})
			r.options.Store, r.options.Now = working, now
			r.write("plain", "first")
			r.apply()
			r.write("kept/a.enc", string(r.read("out.enc")))
			r.apply()
			failed, n := 0, 1
			for ; ; n++ {
				w.ready(r, n)
				mend := broken(r, service, place, n)
				err := w.do(r)
				hit := mend()
				r.options.Store = working
				hours++ // no lease of who failed is alive
				if err != nil {
					failed++
				}
				if again := w.do(r); again != nil {
					t.Fatalf("call %d failed (%v), and then, without a fault: %v", n, err, again)
				}
				if w.name != "plan" {
					r.settledWithFiles(n)
				}
				if !hit {
					if err != nil {
						t.Errorf("nothing failed, and: %v", err)
					}
					break
				}
			}
			t.Logf("%d calls failed, of which %d were errors", n-1, failed)
			if n < 3 && w.name != "state mv" { // which asks no gateway
				t.Errorf("only %d calls were made", n-1)
			}
		})
	}
}

// settledWithFiles is settled, and the files open with what they were made of.
func (r *rig) settledWithFiles(n int) {
	r.t.Helper()
	if err := r.tryApply(r.t.Context()); err != nil {
		r.t.Fatalf("after call %d failed: %v", n, err)
	}
	r.settled(1, 1, 2)
	for name, want := range map[string]string{"out.enc": string(r.read("plain")), "kept/a.enc": "first"} {
		if got := r.opened(name); got != want {
			r.t.Errorf("after call %d failed %s opens as %q, not %q", n, name, got, want)
		}
	}
}

// opened is what an envelope holds.
func (r *rig) opened(name string) string {
	r.t.Helper()
	g, err := stack.OpenGateways(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	defer g.Close()
	sealed := r.read(name)
	var plain bytes.Buffer
	if _, err := g.Engine().DecryptVerified(r.t.Context(), &plain, bytes.NewReader(sealed), int64(len(sealed)), ops.Unseal{}, nil); err != nil {
		r.t.Fatalf("open %s: %v", name, err)
	}
	return plain.String()
}

// Each call to a store on a server fails, before or after it took effect, and with it all that follow.
func TestEveryCallToTheStoreMayFail(t *testing.T) {
	for _, after := range []bool{false, true} {
		if after && testing.Short() {
			continue
		}
		t.Run(map[bool]string{false: "before", true: "after"}[after], func(t *testing.T) {
			sweep(t, func(r *rig, _ *emulator.Server, place remote.Place, n int) func() bool {
				f := placetest.FailAt(place, n, after, true)
				r.options.Store = remote.New(f, remote.Options{Now: r.options.Now})
				return f.Hit
			})
		})
	}
}

// Each call to KMS is cut off once, before or after it took effect, or refused.
func TestEveryCallToKMSMayFail(t *testing.T) {
	for _, fault := range []string{"drop-before", "drop-after-commit", "reject=Forbidden.NoPermission"} {
		if fault != "drop-before" && testing.Short() {
			continue
		}
		t.Run(fault, func(t *testing.T) {
			sweep(t, func(_ *rig, service *emulator.Server, _ remote.Place, n int) func() bool {
				if _, err := service.Faults().AddText(fmt.Sprintf("*:%s:%d+1", fault, n-1)); err != nil {
					t.Fatal(err)
				}
				return func() (hit bool) {
					for _, rule := range service.Faults().Rules() {
						hit = hit || rule.Fired > 0
					}
					service.Faults().Remove()
					return hit
				}
			})
		})
	}
}
