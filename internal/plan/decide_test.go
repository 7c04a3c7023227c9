package plan_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
)

const (
	known    = true
	unknown  = false
	absent   = plan.Absent
	alive    = plan.Alive
	dying    = plan.Dying
	ours     = plan.FoundOurs
	oursDyng = plan.FoundDying
	foreign  = plan.FoundForeign
	forDying = plan.FoundForeignDying
)

// The table of Decide's comment, row by row.
func TestDecideTruthTable(t *testing.T) {
	do := func(a plan.Action) plan.Verdict { return plan.Verdict{Action: a} }
	look := func(a plan.Action) plan.Verdict { return plan.Verdict{Action: a, Compare: true} }
	refuse := func(g string) plan.Verdict { return plan.Verdict{Guard: g} }
	rows := []struct {
		kind    string
		desired plan.Desired
		known   bool
		live    plan.Presence
		want    plan.Verdict
	}{
		{"key", plan.Declared, unknown, absent, do(plan.Create)},
		{"key", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"key", plan.Declared, unknown, oursDyng, look(plan.Rescue)},
		{"key", plan.Declared, known, absent, refuse(plan.GuardKeyLost)},
		{"key", plan.Declared, known, alive, look(plan.NoOp)},
		{"key", plan.Declared, known, dying, look(plan.Rescue)},
		{"key", plan.Imported, unknown, absent, refuse(plan.GuardImportNotFound)},
		{"key", plan.Imported, unknown, alive, look(plan.Adopt)},
		{"key", plan.Imported, unknown, dying, look(plan.Rescue)},
		{"key", plan.Imported, known, absent, refuse(plan.GuardKeyLost)},
		{"key", plan.Imported, known, alive, look(plan.NoOp)},
		{"key", plan.Vanished, known, absent, refuse(plan.GuardKeyVanished)},
		{"key", plan.Vanished, known, alive, refuse(plan.GuardKeyVanished)},
		{"key", plan.Vanished, known, dying, refuse(plan.GuardKeyVanished)},
		{"key", plan.Unprotected, known, alive, do(plan.Forget)},
		{"key", plan.Unprotected, known, dying, do(plan.Forget)},
		{"key", plan.ToForget, known, alive, do(plan.Forget)},
		{"key", plan.ToForget, known, absent, do(plan.Forget)},
		{"key", plan.ToForget, known, dying, do(plan.Forget)},
		{"key", plan.ToRetire, known, alive, do(plan.Retire)},
		{"key", plan.ToRetire, known, dying, do(plan.NoOp)},
		{"key", plan.ToRetire, known, absent, do(plan.Forget)},
		{"key", plan.ToDelete, known, alive, refuse(plan.GuardKeyNotDeletable)},
		{"key", plan.ToDelete, known, dying, do(plan.NoOp)},
		{"key", plan.ToDelete, known, absent, do(plan.Forget)},
		{"key", plan.TornDown, known, alive, do(plan.Delete)},
		{"key", plan.TornDown, known, dying, do(plan.Forget)},
		{"key", plan.TornDown, known, absent, do(plan.Forget)},

		{"secret", plan.Declared, unknown, absent, do(plan.Create)},
		{"secret", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"secret", plan.Declared, unknown, oursDyng, look(plan.Rescue)},
		{"secret", plan.Declared, unknown, foreign, refuse(plan.GuardSecretTaken)},
		{"secret", plan.Declared, unknown, forDying, refuse(plan.GuardSecretInRecovery)},
		{"secret", plan.Declared, known, absent, do(plan.Create)},
		{"secret", plan.Declared, known, alive, look(plan.NoOp)},
		{"secret", plan.Declared, known, dying, look(plan.Rescue)},
		{"secret", plan.Imported, unknown, absent, refuse(plan.GuardImportNotFound)},
		{"secret", plan.Imported, unknown, alive, look(plan.Adopt)},
		{"secret", plan.Imported, unknown, dying, look(plan.Rescue)},
		{"secret", plan.Vanished, known, alive, refuse(plan.GuardSecretVanished)},
		{"secret", plan.Vanished, known, absent, refuse(plan.GuardSecretVanished)},
		{"secret", plan.Unprotected, known, alive, do(plan.Forget)},
		{"secret", plan.ToForget, known, alive, do(plan.Forget)},
		{"secret", plan.ToDelete, known, alive, do(plan.Delete)},
		{"secret", plan.ToDelete, known, dying, do(plan.Forget)},
		{"secret", plan.ToDelete, known, absent, do(plan.Forget)},
		{"secret", plan.ToRetire, known, alive, do(plan.Delete)},

		{"alias", plan.Declared, unknown, absent, do(plan.Create)},
		{"alias", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"alias", plan.Declared, unknown, foreign, refuse(plan.GuardAliasTaken)},
		{"alias", plan.Declared, known, absent, do(plan.Create)},
		{"alias", plan.Declared, known, alive, look(plan.NoOp)},
		{"alias", plan.Declared, known, ours, look(plan.Adopt)},
		{"alias", plan.Declared, known, foreign, refuse(plan.GuardAliasTaken)},
		{"alias", plan.Imported, unknown, absent, refuse(plan.GuardImportNotFound)},
		{"alias", plan.Imported, unknown, alive, look(plan.Adopt)},
		{"alias", plan.Vanished, known, alive, refuse(plan.GuardAliasVanished)},
		{"alias", plan.Unprotected, known, alive, do(plan.Delete)},
		{"alias", plan.Unprotected, known, absent, do(plan.Forget)},
		{"alias", plan.ToForget, known, alive, do(plan.Forget)},
		{"alias", plan.ToDelete, known, alive, do(plan.Delete)},
		{"alias", plan.ToDelete, known, absent, do(plan.Forget)},
		{"alias", plan.ToRetire, known, alive, do(plan.Delete)},

		{"rotation_policy", plan.Declared, unknown, absent, look(plan.Create)},
		{"rotation_policy", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"rotation_policy", plan.Imported, unknown, absent, look(plan.Create)},
		{"rotation_policy", plan.Imported, unknown, ours, look(plan.Adopt)},
		{"rotation_policy", plan.Declared, known, absent, look(plan.NoOp)},
		{"rotation_policy", plan.Vanished, known, absent, refuse(plan.GuardPolicyVanished)},
		{"rotation_policy", plan.Unprotected, known, absent, do(plan.Forget)},
		{"rotation_policy", plan.ToForget, known, absent, do(plan.Forget)},

		{"network_rule", plan.Declared, unknown, absent, do(plan.Create)},
		{"network_rule", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"network_rule", plan.Declared, unknown, foreign, refuse(plan.GuardNameTaken)},
		{"network_rule", plan.Declared, known, absent, do(plan.Create)},
		{"network_rule", plan.Declared, known, alive, look(plan.NoOp)},
		{"network_rule", plan.Imported, unknown, absent, refuse(plan.GuardImportNotFound)},
		{"network_rule", plan.Imported, unknown, alive, look(plan.Adopt)},
		{"network_rule", plan.Vanished, known, alive, refuse(plan.GuardAccessVanished)},
		{"network_rule", plan.Unprotected, known, alive, do(plan.Delete)},
		{"network_rule", plan.Unprotected, known, absent, do(plan.Forget)},
		{"network_rule", plan.ToForget, known, alive, do(plan.Forget)},
		{"network_rule", plan.ToDelete, known, alive, do(plan.Delete)},
		{"network_rule", plan.ToDelete, known, absent, do(plan.Forget)},
		{"network_rule", plan.TornDown, known, alive, do(plan.Delete)},

		{"access_policy", plan.Declared, unknown, absent, do(plan.Create)},
		{"access_policy", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"access_policy", plan.Declared, unknown, foreign, refuse(plan.GuardNameTaken)},
		{"access_policy", plan.Declared, known, absent, do(plan.Create)},
		{"access_policy", plan.Declared, known, alive, look(plan.NoOp)},
		{"access_policy", plan.Imported, unknown, absent, refuse(plan.GuardImportNotFound)},
		{"access_policy", plan.Imported, unknown, alive, look(plan.Adopt)},
		{"access_policy", plan.Vanished, known, alive, refuse(plan.GuardAccessVanished)},
		{"access_policy", plan.Unprotected, known, alive, do(plan.Delete)},
		{"access_policy", plan.Unprotected, known, absent, do(plan.Forget)},
		{"access_policy", plan.ToForget, known, alive, do(plan.Forget)},
		{"access_policy", plan.ToDelete, known, alive, do(plan.Delete)},
		{"access_policy", plan.ToDelete, known, absent, do(plan.Forget)},
		{"access_policy", plan.TornDown, known, alive, do(plan.Delete)},

		{"application_access_point", plan.Declared, unknown, absent, do(plan.Create)},
		{"application_access_point", plan.Declared, unknown, ours, look(plan.Adopt)},
		{"application_access_point", plan.Declared, unknown, foreign, refuse(plan.GuardNameTaken)},
		{"application_access_point", plan.Declared, known, absent, do(plan.Create)},
		{"application_access_point", plan.Declared, known, alive, look(plan.NoOp)},
		{"application_access_point", plan.Imported, unknown, absent, refuse(plan.GuardImportNotFound)},
		{"application_access_point", plan.Imported, unknown, alive, look(plan.Adopt)},
		{"application_access_point", plan.Vanished, known, alive, refuse(plan.GuardAccessVanished)},
		{"application_access_point", plan.Unprotected, known, alive, do(plan.Forget)},
		{"application_access_point", plan.Unprotected, known, absent, do(plan.Forget)},
		{"application_access_point", plan.ToForget, known, alive, do(plan.Forget)},
		{"application_access_point", plan.ToDelete, known, alive, do(plan.Delete)},
		{"application_access_point", plan.ToDelete, known, absent, do(plan.Forget)},
		{"application_access_point", plan.TornDown, known, alive, do(plan.Delete)},

		{"something_new", plan.Vanished, known, absent, refuse(plan.GuardKeyVanished)},
	}
	for _, r := range rows {
		got := plan.Decide(plan.Facts{Kind: r.kind, Desired: r.desired, Known: r.known, Live: r.live})
		if got != r.want {
			t.Errorf("%s, desired %d, known %v, live %d: got %+v, want %+v", r.kind, r.desired, r.known, r.live, got, r.want)
		}
	}
	if got := plan.Decide(plan.Facts{Kind: "secret", Known: known, Generated: true}); got.Guard != plan.GuardSecretLost {
		t.Errorf("a lost generated secret: got %+v", got)
	}
}

// Whatever the facts, these never happen.
func TestDecideNeverLosesAKey(t *testing.T) {
	for _, kind := range []string{"key", "secret", "something_new"} {
		for desired := plan.Declared; desired <= plan.ToDelete; desired++ {
			for live := plan.Absent; live <= plan.FoundForeignDying; live++ {
				for _, inState := range []bool{true, false} {
					f := plan.Facts{Kind: kind, Desired: desired, Known: inState, Live: live}
					v := plan.Decide(f)
					if v.Action == plan.Delete && kind != "secret" {
						t.Errorf("%+v deletes", f)
					}
					if v.Action == plan.Create && v.Guard == "" && live != plan.Absent {
						t.Errorf("%+v creates a second object", f)
					}
					if v.Action == plan.Create && v.Guard == "" && inState && kind != "secret" {
						t.Errorf("%+v replaces a key that state holds", f)
					}
					if v.Action == plan.NoOp && !v.Compare && v.Guard == "" && desired <= plan.Imported {
						t.Errorf("%+v looks away", f)
					}
					if (live == plan.Dying || live == plan.FoundDying) && desired <= plan.Imported && v.Action != plan.Rescue {
						t.Errorf("%+v does not rescue", f)
					}
					if v.Action.Destructive() && (desired == plan.Vanished || desired == plan.Unprotected) {
						t.Errorf("%+v destroys because a block is gone", f)
					}
				}
			}
		}
	}
}
