package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Case S1: a current version that this stack did not write is shown until it is resolved, however it came to be.
func TestForeignVersionsStand(t *testing.T) {
	ignoring := strings.Replace(secret, "name ", "lifecycle { ignore_changes = [value] }\n  name ", 1)
	second := strings.Replace(secret, "pass-1", "pass-2", 1)
	tests := []struct {
		name, first string
		world       func(w *world)
		src         string
		stands      bool
		puts        bool
	}{
		{"written by others", secret, outsideVersion, secret, true, false},
		{"moved back", secret, movedBack, second, true, false},
		{"made anew by others", secret, func(w *world) {
			o := w.live.Objects[plan.KindSecret]["app/s"]
			o.Versions, o.Current = []string{"v1"}, "v1"
		}, secret, true, false},
		{"a generated one", generated, outsideVersion, generated, true, false},
		{"kept in words", secret, outsideVersion, onForeign("keep", "pass-1"), true, false},
		{"kept in words, another value", secret, outsideVersion, onForeign("keep", "pass-2"), true, false},
		{"overwritten in words", secret, outsideVersion, onForeign("overwrite", "pass-1"), false, true},
		{"the value is not declared", secret, outsideVersion, ignoring, false, false},
		{"of a type that the service rotates", secret, func(w *world) { outsideVersion(w); w.live.Objects[plan.KindSecret]["app/s"].Rotated = true }, secret, false, false},
		{"ours", secret, nil, secret, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.first)
			if test.world != nil {
				test.world(w)
			}
			for range 2 { // one apply settles nothing
				p := w.plan(config(t, test.src))
				stands := slices.ContainsFunc(p.Warnings, func(x plan.Warning) bool { return x.Stands })
				if p.Refused() || stands != test.stands || p.Changes[0].Needs("PutSecretValue") != test.puts || p.Differs() != (test.stands || test.puts) {
					t.Fatal(lines(p))
				}
				if !test.puts {
					w.apply(test.src)
				}
			}
			if test.puts {
				w.apply(test.src)
				if p := w.plan(config(t, test.src)); p.Differs() {
					t.Errorf("written anew, and then\n%s", lines(p))
				}
			}
		})
	}
}

// A fingerprint that this run cannot check is never a change, and never "no changes". Case of issue 6 §6.
func TestValuesThatCannotBeCompared(t *testing.T) {
	w := newWorld(t)
	w.apply(secret)
	in := w.input(config(t, strings.Replace(secret, "pass-1", "pass-2", 1)))
	asked := 0
	for match, want := range map[state.Match]string{state.Same: "true true", state.Different: "false false", state.NotCompared: "true false"} {
		in.Compare = func(address string, _ state.Fingerprint, value []byte) state.Match {
			asked++
			if address != "secret.s" || string(value) != "pass-2" {
				t.Errorf("asked for %s, %s", address, value)
			}
			return match
		}
		p, diags := plan.Calculate(in)
		fatalErrors(t, diags)
		if got := fmt.Sprint(p.Empty(), " ", !p.Differs()); got != want {
			t.Errorf("match %d: %s, want %s", match, got, want)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	values := plan.WriteOnlyValues(in.Config, in.State, in.Live)
	if len(values) != 1 || values[0].Address != "secret.s" || string(values[0].Value) != "pass-2" || values[0].Fingerprint.IsZero() {
		t.Errorf("%+v", values)
	}
}

// A fingerprint with parameters that nobody knows is not compared, rather than taken for a change.
func TestUnknownFingerprintSchemeIsNotAChange(t *testing.T) {
	w := newWorld(t)
	w.apply(secret)
	w.state.Resources[0].Fingerprints = map[string]state.Fingerprint{"value": {Salt: "AA==", Digest: "AA==", Params: "later,v=9"}}
	if p := w.plan(config(t, secret)); !p.Empty() || !p.Differs() {
		t.Error(lines(p))
	}
}
