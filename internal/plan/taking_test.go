package plan_test

import (
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// What differs from the block of an object that is imported by itself is left to the next plan; what waits for its
// deletion is rescued, and nothing else is done.
func TestAnImportChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "k" { description = "old" }`)
	id := w.state.Resources[0].ID
	w.state.Resources = nil
	delete(w.live.Objects[plan.KindKey][id].Tags, plan.TagOwner)
	src := `key "k" { description = "new" }
key "other" {}
import {
  to = key.k
  id = "` + id + `"
}`
	at, err := addr.Parse("key.k")
	if err != nil {
		t.Fatal(err)
	}
	p := w.plan(config(t, src)).Taking(at)
	if len(p.Changes) != 1 || p.Changes[0].Action != plan.Adopt || len(p.Changes[0].Calls)+len(p.Changes[0].Diff) > 0 {
		t.Errorf("%+v", p.Changes)
	}
	w.live.Objects[plan.KindKey][id].State = plan.StatePendingDeletion
	w.live.Objects[plan.KindKey][id].Attrs["state"] = cty.StringVal(plan.StatePendingDeletion)
	p = w.plan(config(t, src)).Taking(at)
	if c := p.Changes[0]; c.Action != plan.Rescue || len(c.Calls) != 1 || c.Calls[0] != "CancelKeyDeletion" {
		t.Errorf("%+v", c)
	}
}

// A policy that is there already is taken up, and one whose keys rotate otherwise is made.
func TestARotationPolicyThatIsThereIsImported(t *testing.T) {
	w := newWorld(t)
	const policy = "key \"k\" {}\nrotation_policy \"p\" {\n  interval = \"90d\"\n  keys     = [key.k.id]\n}\n"
	w.apply(policy)
	w.state.Resources = w.state.Resources[:1]
	if c := changeOf(t, w.plan(config(t, policy)), "rotation_policy.p"); c.Action != plan.Adopt || len(c.Calls) > 0 {
		t.Errorf("%+v", c)
	}
	w.key("key.k").Attrs["rotation_interval"] = cty.StringVal("2592000s")
	if c := changeOf(t, w.plan(config(t, policy)), "rotation_policy.p"); c.Action != plan.Create || len(c.Calls) != 1 {
		t.Errorf("%+v", c)
	}
}
