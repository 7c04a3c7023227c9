package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

func ask(kind, name string, act plan.Act, version string) plan.Request {
	return plan.Request{Addr: addr.Address{Kind: kind, Name: name}, Act: act, Version: version}
}

// What a person asks of one object is planned in place of what its block says, or refused with the reason.
func TestWhatIsAskedForIsPlannedAlone(t *testing.T) {
	keyWith := func(name string, v cty.Value) func(w *world) {
		return func(w *world) {
			for _, o := range w.live.Objects[plan.KindKey] {
				o.Attrs[name] = v
			}
		}
	}
	disabled := func(w *world) {
		for _, o := range w.live.Objects[plan.KindKey] {
			w.setState(o, plan.StateDisabled)
		}
	}
	dying := func(w *world) {
		for _, o := range w.live.Objects[plan.KindKey] {
			w.setState(o, plan.StatePendingDeletion)
		}
	}
	tests := []struct {
		name, first, src string
		world            func(w *world)
		ask              plan.Request
		calls            string // "" with a guard: refused
		guard, says      string
	}{
		{"a key is rotated", `key "k" {}`, `key "k" { description = "new" }`, nil, ask("key", "k", plan.ActRotate, ""), "CreateKeyVersion", "", ""},
		{"though another attribute cannot be changed", `key "k" {}`, `key "k" { spec = "Aliyun_SM4" }`, nil, ask("key", "k", plan.ActRotate, ""), "CreateKeyVersion", "", ""},
		{"an asymmetric key", `key "k" {}`, `key "k" {}`, keyWith("spec", cty.StringVal("RSA_2048")), ask("key", "k", plan.ActRotate, ""), "", plan.GuardImpossible, "asymmetric"},
		{"imported material", `key "k" {}`, `key "k" {}`, keyWith("origin", cty.StringVal("EXTERNAL")), ask("key", "k", plan.ActRotate, ""), "", plan.GuardImpossible, "imported"},
		{"a disabled key", `key "k" {}`, `key "k" {}`, disabled, ask("key", "k", plan.ActRotate, ""), "", plan.GuardImpossible, "disabled"},
		{"a key that waits for deletion", `key "k" {}`, `key "k" {}`, dying, ask("key", "k", plan.ActRotate, ""), "", plan.GuardImpossible, "waits for deletion"},
		{"a key that is not there yet", ``, `key "k" {}`, nil, ask("key", "k", plan.ActRotate, ""), "", plan.GuardImpossible, "not an object of this stack yet"},
		{"a key without a block", `key "k" {}`, ``, nil, ask("key", "k", plan.ActRotate, ""), "", plan.GuardKeyVanished, ""},
		{"material for a key that KMS made", `key "k" {}`, `key "k" {}`, nil, ask("key", "k", plan.ActImport, ""), "", plan.GuardImpossible, "KMS made its material"},
		{"during a freeze", `key "k" {}`, freeze("") + `key "k" {}`, nil, ask("key", "k", plan.ActRotate, ""), "CreateKeyVersion", plan.GuardFrozen, ""},
		{"a rescue", `key "k" {}`, `key "k" { description = "new" }`, dying, ask("key", "k", plan.ActRescue, ""), "CancelKeyDeletion", "", ""},
		{"a rescue during a freeze", `key "k" {}`, freeze("") + `key "k" {}`, dying, ask("key", "k", plan.ActRescue, ""), "CancelKeyDeletion", "", ""},
		{"a rescue without a block", `key "k" {}`, ``, dying, ask("key", "k", plan.ActRescue, ""), "CancelKeyDeletion", "", ""},
		{"a rescue of what lives", `key "k" {}`, `key "k" { description = "new" }`, nil, ask("key", "k", plan.ActRescue, ""), "", "", ""},
		{"a rescue of what never was", ``, `key "k" {}`, nil, ask("key", "k", plan.ActRescue, ""), "", plan.GuardImpossible, "nothing to rescue"},
		{"a value by hand", secret, secret, nil, ask("secret", "s", plan.ActPut, ""), "PutSecretValue", "", ""},
		{"over a version of others", secret, secret, outsideVersion, ask("secret", "s", plan.ActPut, ""), "", plan.GuardUnseenSecretVersion, "promote"},
		{"over a version of others, kept in words", secret, onForeign("keep", "pass-1"), outsideVersion, ask("secret", "s", plan.ActPut, ""), "", plan.GuardUnseenSecretVersion, ""},
		{"over a version of others, in words", secret, onForeign("overwrite", "pass-1"), outsideVersion, ask("secret", "s", plan.ActPut, ""), "PutSecretValue", "", ""},
		{"no such version", secret, secret, nil, ask("secret", "s", plan.ActPromote, "nix"), "", plan.GuardImpossible, "no version nix"},
		{"no previous version", secret, secret, nil, ask("secret", "s", plan.ActRollback, ""), "", plan.GuardImpossible, "no previous version"},
		{"a fresh value of an author", secret, secret, nil, ask("secret", "s", plan.ActRotate, ""), "", plan.GuardImpossible, "generate"},
		{"a fresh generated value", generated, generated, nil, ask("secret", "s", plan.ActRotate, ""), "PutSecretValue", "", ""},
		{"a rotation of a managed secret", secret, secret, func(w *world) { w.live.Objects[plan.KindSecret]["app/s"].Rotated = true }, ask("secret", "s", plan.ActRotate, ""), "RotateSecret", "", ""},
		{"a value for a managed secret", secret, secret, func(w *world) { w.live.Objects[plan.KindSecret]["app/s"].Rotated = true }, ask("secret", "s", plan.ActPut, ""), "", plan.GuardImpossible, "managed secret"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.first)
			if test.world != nil {
				test.world(w)
			}
			in := w.input(config(t, test.src+"\nkey \"beside\" {}\n"))
			in.Requests = []plan.Request{test.ask}
			p, diags := plan.Calculate(in)
			fatalErrors(t, diags)
			if len(p.Changes) != 1 || p.Changes[0].Addr != test.ask.Addr {
				t.Fatalf("it is about more than what was asked: %s", lines(p))
			}
			if got := strings.Join(p.Changes[0].Calls, " "); got != test.calls {
				t.Errorf("calls %q, want %q", got, test.calls)
			}
			fired := slices.ContainsFunc(p.Refusals, func(r plan.Refusal) bool { return r.Guard == test.guard && strings.Contains(refusalText(r), test.says) })
			if p.Refused() != (test.guard != "") || p.Refused() && !fired {
				t.Errorf("refused: %+v", p.Refusals)
			}
			for _, r := range p.Refusals {
				if len(r.WaysForward) < 2 {
					t.Errorf("%s has no two ways forward", r.Guard)
				}
			}
		})
	}
}

func refusalText(r plan.Refusal) string { return r.Reason + " " + strings.Join(r.WaysForward, " ") }

// A name that nothing has is a mistake, not a plan of nothing.
func TestWhatIsAskedOfNothingIsAMistake(t *testing.T) {
	w := newWorld(t)
	in := w.input(config(t, `key "orders" {}`))
	in.Requests = []plan.Request{ask("key", "ordres", plan.ActRotate, "")}
	if _, diags := plan.Calculate(in); !diags.HasErrors() || !strings.Contains(diags.Error(), "key.orders") {
		t.Error(diags)
	}
}

// A rotation names the files of the census that it makes stale, and what rewraps them.
func TestARotationNamesTheFilesItMakesStale(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "k" {}`)
	id := w.resource(addr.Address{Kind: "key", Name: "k"}).ID
	w.state.Files = []state.File{
		{Address: "data.encrypt.app", Path: "dist/app.enc", KeyID: id}, {Address: "data.encrypt.app", Path: "dist/b.enc", KeyID: id},
		{Address: "data.encrypt.other", Path: "dist/other.enc", KeyID: "another"},
		{Address: state.ImportedAddress("it's.enc", 0), Path: "it's.enc", KeyID: id},
	}
	in := w.input(config(t, "key \"k\" {}\ndata \"encrypt\" \"app\" {\n  key    = key.k.id\n  source = \"a\"\n  output = \"dist/app.enc\"\n}"))
	in.Requests = []plan.Request{ask("key", "k", plan.ActRotate, "")}
	p, diags := plan.Calculate(in)
	fatalErrors(t, diags)
	want := "3 files are under an earlier version of key.k now, and stale: dist/app.enc, dist/b.enc, it's.enc. What is stale is decrypted as before; " +
		"`kmsplan run 'data.encrypt.app'` and `kmsplan rewrap -key " + id + ` 'it'\''s.enc'` + "` rewraps it"
	if len(p.Then) != 1 || p.Then[0] != want {
		t.Errorf("%q", p.Then)
	}
}

// What a command made current is not taken back by the next plan, and is not called as declared either.
func TestAVersionThatAPersonMadeCurrentStands(t *testing.T) {
	second := strings.Replace(secret, "pass-1", "pass-2", 1)
	third := strings.Replace(secret, "pass-1", "pass-3", 1)
	tests := []struct {
		name, src    string
		over         string // "" = another version
		puts, stands bool
	}{
		{"the declared value did not change", secret, "", false, true},
		{"it is the one that was given by hand", second, "", false, false},
		{"it is a new one", third, "", true, false},
		{"kept in words", onForeign("keep", "pass-1"), "", false, true},
		{"overwritten in words", onForeign("overwrite", "pass-1"), "", true, false},
		{"the declared version is back", secret, "by-hand", false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(secret)
			r, o := &w.state.Resources[0], w.live.Objects[plan.KindSecret]["app/s"]
			f := state.NewFingerprint([]byte("pass-2"))
			r.Held = &state.Held{Version: "by-hand", By: "put", Over: test.over, Put: "by-hand", Fingerprint: &f}
			r.Versions, o.Versions, o.Current = append(r.Versions, "by-hand"), append(o.Versions, "by-hand"), "by-hand"
			p := w.plan(config(t, test.src))
			stands := slices.ContainsFunc(p.Warnings, func(x plan.Warning) bool { return x.Stands })
			if p.Refused() || stands != test.stands || p.Changes[0].Needs("PutSecretValue") != test.puts {
				t.Error(lines(p))
			}
		})
	}
}
