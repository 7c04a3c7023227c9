package stack_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// succeededWithFiles is a key that gets a successor, with an alias and two files that follow and a secret that stays.
func succeededWithFiles(spec string) string {
	return attached + inPlace(spec) + anAlias + `secret "s" {
  name           = "s"
  value          = sensitive("first-value")
  encryption_key = key.k.id
}
data "encrypt" "e" {
  key    = key.k.id
  source = "plain"
  output = "out.enc"
}
data "rewrap" "w" {
  key    = key.k.id
  source = "kept/*.enc"
}
`
}

// failing makes the nth call of the next apply fail, and returns how to mend that and whether it was made.
type failing func(r *rig, service *emulator.Server, place remote.Place, n int) (mend func() (hit bool))

// Each call of an apply that gives a key a successor fails, to KMS or to the store, before or after it took effect: the next
// apply ends with one successor and its predecessor, with all that there was.
func TestEveryCallOfASuccessionMayFail(t *testing.T) {
	ways := map[string]failing{}
	for _, fault := range []string{"drop-before", "drop-after-commit", "reject=Forbidden.NoPermission"} {
		ways["KMS/"+fault] = func(_ *rig, service *emulator.Server, _ remote.Place, n int) func() bool {
			return failKMS(t, service, fault, n)
		}
	}
	for _, after := range []bool{false, true} {
		ways[fmt.Sprintf("store/after=%v", after)] = func(r *rig, _ *emulator.Server, place remote.Place, n int) func() bool {
			f := placetest.FailAt(place, n, after, true)
			r.options.Store = remote.New(f, remote.Options{Now: r.options.Now})
			return f.Hit
		}
	}
	step := 6
	switch {
	case os.Getenv(statetest.Long) != "":
		step = 1
	case testing.Short():
		step = 20
	}
	for name, fails := range ways {
		t.Run(name, func(t *testing.T) {
			service, failed, n := emulatortest.New(t), 0, 1
			for hit := true; hit; n += step {
				var err error
				if hit, err = failedSuccession(t, service, fails, n); err != nil {
					failed++
				}
				if t.Failed() {
					t.Fatalf("after call %d failed (%v)", n, err)
				}
			}
			t.Logf("of %d calls every %d. failed; %d were errors", n-1-step, step, failed)
			if n < 12 {
				t.Errorf("only %d calls were made", n-1)
			}
		})
	}
}

// failKMS makes the nth call to KMS fail.
func failKMS(t *testing.T, service *emulator.Server, fault string, n int) func() bool {
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
}

// failedSuccession lets the nth call of an apply with a successor fail, and applies again.
func failedSuccession(t *testing.T, service *emulator.Server, fails failing, n int) (hit bool, err error) {
	t.Helper()
	r := machineOn(t, emptied(t, service), "")
	hours := 0
	now := func() time.Time { return time.Now().Add(time.Duration(hours) * time.Hour) }
	place := placetest.NewMemory()
	working := remote.New(remote.Retry(place, placetest.Quick), remote.Options{Now: now})
	r.options.Store, r.options.Now = working, now
	r.write("main.kms.hcl", succeededWithFiles("AES_256"))
	r.write("plain", "first")
	r.apply()
	r.write("kept/a.enc", string(r.read("out.enc")))
	r.apply()
	old := r.idOf("key.k")

	r.write("main.kms.hcl", succeededWithFiles("SM4"))
	r.write("plain", "second")
	mend := fails(r, service, place, n)
	err = r.tryApply(t.Context())
	hit = mend()
	r.options.Store = working
	hours++ // no lease of who failed is alive
	if again := r.tryApply(t.Context()); again != nil {
		t.Fatalf("call %d failed (%v), and then, without a fault: %v", n, err, again)
	}
	r.settled(2, 1, 3)
	for name, want := range map[string]string{"out.enc": "second", "kept/a.enc": "first"} {
		if got := r.opened(name); got != want {
			t.Errorf("%s opens as %q, not %q", name, got, want)
		}
	}
	for _, wrong := range []string{hasPredecessor("Enabled")(r), secretIs("first-value", 1)(r)} {
		if wrong != "" {
			t.Error(wrong)
		}
	}
	if key := r.idOf("key.k"); key == old {
		t.Errorf("the key is %s still", key)
	}
	for _, f := range r.stored().Files {
		if f.KeyID == old {
			t.Errorf("%s is under the predecessor still", f.Path)
		}
	}
	return hit, err
}
