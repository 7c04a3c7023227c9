package plan_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Case P9: what is taken over in words becomes this stack's by its tags, once.
func TestTakingOverWritesTheTagsAnew(t *testing.T) {
	w := newWorld(t)
	strangersKey(w)
	src := strings.Replace(importStranger, "id ", "take_over = \"lineage-2\"\n  id ", 1)
	p := w.apply(src)
	if c := p.Changes[0]; c.Action != plan.Adopt || c.TakenFrom != "lineage-2" || !c.Needs("TagResources") {
		t.Fatal(lines(p))
	}
	if tags := w.key("key.k").Tags; tags[plan.TagOwner] != "lineage-1" || tags[plan.TagAddress] != "key.k" {
		t.Error(tags)
	}
	if again := w.plan(config(t, src)); again.Differs() {
		t.Error(lines(again))
	}
}

// Case P9: what another stack took over, and nothing here would change, is said and not refused.
func TestWhatAnotherStackTookOverIsSaid(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "k" {}`)
	w.key("key.k").Tags = plan.OwnerTags("lineage-2", addr.Resource("key", "theirs"), "i")
	p := w.plan(config(t, `key "k" {}`))
	if p.Refused() || !p.Empty() || !p.Differs() || !warns(p, "lineage-2") {
		t.Error(lines(p))
	}
	if p := w.plan(config(t, "removed {\n  from = key.k\n  action = \"forget\"\n}")); p.Refused() {
		t.Error(lines(p))
	}
}

// warns reports whether a warning names something.
func warns(p *plan.Plan, what string) bool {
	for _, x := range p.Warnings {
		if strings.Contains(x.Detail, what) {
			return true
		}
	}
	return false
}

// Case P10: where the state is lost, no second key is made without a word. Another stack of the same module is
// an everyday thing, so that it is a warning.
func TestAKeyOfAnotherLineageUnderThisAddressIsNamed(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"k\" {}" + secret)
	w.state.Resources, w.state.Lineage = nil, "lineage-new"
	p := w.plan(config(t, `key "k" {}`))
	if p.Refused() || p.Changes[0].Action != plan.Create || !warns(p, `take_over = "lineage-1"`) || !warns(p, "key-0001") {
		t.Error(lines(p))
	}
	p = w.plan(config(t, secret))
	if r := refusals(p, plan.GuardSecretTaken); len(r) != 1 || !strings.Contains(r[0].Reason+r[0].WaysForward[0], "lineage-1") {
		t.Error(lines(p), p.Refusals)
	}
	w.own(plan.KindKey, addr.Resource("key", "other"), "key-0001")
	if p := w.plan(config(t, `key "other_name" {}`)); warns(p, "take_over") {
		t.Error(lines(p))
	}
}

// Case P8: keys and secrets of ours that the state does not know are reported by each plan until somebody
// decides, in whatever way they came about.
func TestStraysAreReported(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"k\" {}" + secret)
	w.state.Resources[0].Intent = "intent-1"
	twice := w.newKey()
	twice.Tags = plan.OwnerTags("lineage-1", addr.Resource("key", "k"), "intent-1")
	lost := w.newKey()
	lost.Tags = plan.OwnerTags("lineage-1", addr.Resource("key", "gone"), "intent-2")
	gone := w.newKey()
	gone.Tags = lost.Tags
	w.setState(gone, plan.StatePendingDeletion)
	w.newKey().Tags = plan.OwnerTags("lineage-2", addr.Resource("key", "theirs"), "intent-3")
	w.live.Objects[plan.KindSecret]["stray"] = &plan.Object{Kind: plan.KindSecret, ID: "stray", Tags: plan.OwnerTags("lineage-1", addr.Resource("secret", "x"), "i")}
	p := w.plan(config(t, "key \"k\" {}"+secret))
	if !warns(p, twice.ID+" on gateway \"dev\" was created by the same request as "+w.key("key.k").ID) || !warns(p, lost.ID) || !warns(p, "stray on") || len(p.Warnings) != 3 {
		t.Error(lines(p), p.Warnings)
	}
	if p := w.plan(config(t, "key \"k\" {}\nkey \"gone\" {}\nimport {\n  to = key.gone\n  id = \""+lost.ID+"\"\n}"+secret)); warns(p, lost.ID) {
		t.Error("what this plan takes up is reported")
	}
}
