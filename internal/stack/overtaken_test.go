package stack_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// overtaken is a store in which another one writes just before its lock is taken.
type overtaken struct {
	state.Store
	by func()
}

func (o *overtaken) Lock(ctx context.Context, info state.LockInfo) (state.Unlocker, error) {
	if by := o.by; by != nil {
		o.by = nil
		by()
	}
	return o.Store.Lock(ctx, info)
}

// A migration of fingerprints that another writer overtook is left to the next apply, and says so.
func TestFingerprintsThatWereOvertakenAreSaid(t *testing.T) {
	r := newRig(t, fingerprinted)
	r.write("cfg/a", "plain")
	r.apply()
	r.farKeys()
	r.write("main.kms.hcl", gateway+fingerprinted+underKey("alias/far"))

	store, err := local.Open(filepath.Join(r.dir, "kmsplan.state.json"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	others := r.options
	r.options.Store = &overtaken{Store: store, by: func() {
		o, err := stack.OpenState(r.module(), others)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if err := o.Edit(t.Context(), "state mv", func(s state.State) (state.State, error) { return s, nil }); err != nil {
			t.Fatal(err)
		}
	}}
	r.apply()
	said := func() bool {
		return slices.ContainsFunc(r.notes, func(n string) bool {
			return strings.Contains(n, "the fingerprints of 3 values and files") && strings.Contains(n, "apply again")
		})
	}
	if !said() {
		t.Errorf("nothing is said of it: %q", r.notes)
	}
	if got := strings.Join(params(r.stored()), " "); strings.Contains(got, "hmac") {
		t.Errorf("what was overtaken was recorded: %s", got)
	}
	r.notes = nil
	r.apply()
	if got := strings.Join(params(r.stored()), " "); strings.Count(got, "hmac") != 3 || said() {
		t.Errorf("the next apply left %s, %q", got, r.notes)
	}
}
