package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

func changeOf(t *testing.T, p *plan.Plan, address string) plan.Change {
	t.Helper()
	i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Addr.String() == address })
	if i < 0 {
		t.Fatalf("the plan has nothing for %s: %+v", address, p.Changes)
	}
	return p.Changes[i]
}

// A key that is dying and whose plan is refused is rescued, and nothing else is done with it, whatever the plan would
// have done besides: no other call, no file, no output, and it waits for nothing.
func TestOfARefusedRescueOneCallIsLeft(t *testing.T) {
	w := newWorld(t)
	src := "key \"first\" {}\nkey \"k\" {\n  spec = \"Aliyun_AES_256\"\n  description = key.first.id\n}\n"
	w.apply(src)
	id := w.resource(addr.Address{Kind: "key", Name: "k"}).ID
	w.setState(w.live.Objects[plan.KindKey][id], plan.StatePendingDeletion)
	cfg := config(t, strings.Replace(strings.Replace(src, "AES_256", "SM4", 1), "key.first.id", `"${key.first.id} changed"`, 1)+"output \"o\" { value = key.k.id }\n")
	in := w.input(cfg)
	in.Files = []plan.FileStatus{{Addr: addr.Address{Data: true, Kind: "encrypt", Name: "e"}, Path: "a.enc"}}
	p, diags := plan.Calculate(in)
	fatalErrors(t, diags)
	if !p.Refused() {
		t.Fatal("not refused")
	}
	held := changeOf(t, p, "key.k")
	if held.Action != plan.Rescue || !slices.Equal(held.Calls, []string{"CancelKeyDeletion"}) || len(held.DependsOn) > 0 {
		t.Errorf("held back: %v with %q after %v", held.Action, held.Calls, held.DependsOn)
	}
	rescues := p.Rescues()
	if len(rescues.Changes) != 1 || rescues.Files != nil || rescues.Outputs != nil || rescues.Refused() {
		t.Errorf("rescued: %+v", rescues)
	}
}

// What a refused plan would have done beside its rescues is not among them, and each of them is one call.
func TestARescueTakesNothingAlong(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"a\" {}\nkey \"b\" {}\nkey \"c\" {}\nkey \"d\" {}\n")
	w.setState(w.live.Objects[plan.KindKey][w.resource(addr.Address{Kind: "key", Name: "d"}).ID], plan.StatePendingDeletion)
	w.setState(w.live.Objects[plan.KindKey][w.resource(addr.Address{Kind: "key", Name: "a"}).ID], plan.StatePendingDeletion)
	p := w.plan(config(t, "key \"b\" { description = \"new\" }\nkey \"d\" {}\nkey \"a\" {\n  description = key.b.id\n}\n"))
	if !p.Refused() {
		t.Fatal("not refused")
	}
	whole := changeOf(t, p, "key.a")
	if len(whole.Calls) < 2 || whole.PreImage == nil {
		t.Errorf("the rescue is %q, before it %v", whole.Calls, whole.PreImage)
	}
	if alone := changeOf(t, p, "key.d"); !alone.IsOnlyRescue() || alone.PreImage == nil {
		t.Errorf("the other is %q, before it %v", alone.Calls, alone.PreImage)
	}
	got := p.Rescues().Changes
	slices.SortFunc(got, func(a, b plan.Change) int { return strings.Compare(a.Addr.Name, b.Addr.Name) })
	if len(got) != 2 || got[0].Addr.Name != "a" || !slices.Equal(got[0].Calls, whole.Calls[:1]) || len(got[0].DependsOn) > 0 || len(got[0].Diff) > 0 {
		t.Errorf("rescues: %+v", got)
	}
}

// Of what is refused no call is left in the plan, and one object is refused once, by the first guard.
func TestARefusedObjectIsRefusedOnceAndHasNoCalls(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"k\" {\n  description = \"a\"\n  spec = \"Aliyun_AES_256\"\n}\n")
	for _, o := range w.live.Objects[plan.KindKey] {
		o.Tags = plan.OwnerTags("another lineage", addr.Address{Kind: "key", Name: "x"}, "i")
	}
	p := w.plan(config(t, "key \"k\" {\n  description = \"b\"\n  spec = \"Aliyun_SM4\"\n}\n"))
	if len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardOwnedElsewhere {
		t.Errorf("refused by %+v", p.Refusals)
	}
	if c := changeOf(t, p, "key.k"); c.Action != plan.NoOp || len(c.Calls) > 0 || c.PreImage != nil {
		t.Errorf("left: %v %q %v", c.Action, c.Calls, c.PreImage)
	}
}

// A key that others disabled soaks as long as one that kmsplan disabled.
func TestAKeyThatOthersDisabledSoaksToo(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}`)
	for _, o := range w.live.Objects[plan.KindKey] {
		w.setState(o, plan.StateDisabled)
	}
	if c := changeOf(t, w.apply(limits+retire), "key.old"); c.Action != plan.Retire || len(c.Calls) > 0 {
		t.Errorf("at first: %v %q", c.Action, c.Calls)
	}
	w.now = w.now.Add(time.Hour)
	if c := changeOf(t, w.apply(limits+retire), "key.old"); c.Action != plan.NoOp || len(c.Calls) > 0 {
		t.Errorf("an hour later: %v %q", c.Action, c.Calls)
	}
}

// An object of a kind that this version does not know is guarded, even where its writer did not protect it.
func TestAnUnknownKindIsGuardedUnprotected(t *testing.T) {
	w := newWorld(t)
	w.state.Resources = []state.Resource{{Address: "hologram.x", Kind: "hologram", Gateway: "dev", ID: "1"}}
	if p := w.plan(config(t, "")); len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardKeyVanished {
		t.Errorf("refusals %+v", p.Refusals)
	}
}

// A gateway that was not read is no empty one: what would be decided by it is an error. A target that nothing has is
// one too, because a plan of nothing looks like "no changes".
func TestWhatWasNotReadDecidesNothing(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}`)
	for name, c := range map[string]struct {
		src, target, want string
	}{
		"a removal":                 {limits + retire, "", "Gateway not read"},
		"a targeted removal":        {limits + retire, "key.old", "Gateway not read"},
		"a block":                   {`key "old" {}`, "", "Gateway not read"},
		"a targeted block":          {`key "old" {}`, "key.old", "Gateway not read"},
		"what a target depends on":  {"key \"old\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key = key.old.id\n}\n", "alias.a", "Gateway not read"},
		"a target that nothing has": {`key "old" {}`, "key.older", "No such target"},
	} {
		in := w.input(config(t, c.src))
		in.Live.Gateways = nil
		if c.target != "" {
			a, err := addr.Parse(c.target)
			if err != nil {
				t.Fatal(err)
			}
			in.Scope.Targets = []addr.Address{a}
		}
		if _, diags := plan.Calculate(in); !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

// What is taken away goes in the reverse of the order in which it was made, as state recorded it.
func TestRemovalsReverseWhatStateRecorded(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"old\" {}\n" + `alias "a" {
  name = "alias/a"
  key  = key.old.id
}
rotation_policy "p" {
  interval = "90d"
  keys     = [key.old.id]
}
`)
	p := w.plan(config(t, limits+retire))
	if c := changeOf(t, p, "key.old"); !slices.ContainsFunc(c.DependsOn, func(a addr.Address) bool { return a.String() == "rotation_policy.p" }) {
		t.Errorf("key.old goes after %v", c.DependsOn)
	}
}

// A protected alias whose block is gone gives its name to nobody.
func TestAProtectedAliasKeepsItsName(t *testing.T) {
	alias := func(block, name string) string {
		return "alias \"" + block + "\" {\n  name = \"alias/" + name + "\"\n  key = key." + block + ".id\n}\n"
	}
	keys := "key \"a\" {}\nkey \"b\" {}\n"
	w := newWorld(t)
	w.apply(keys + alias("a", "a") + alias("b", "b"))
	w.state.Resources[slices.IndexFunc(w.state.Resources, func(r state.Resource) bool { return r.Address == "alias.b" })].Protected = true
	p := w.plan(config(t, keys+alias("a", "b")))
	if !slices.ContainsFunc(p.Refusals, func(r plan.Refusal) bool { return r.Guard == plan.GuardAliasTaken }) {
		t.Errorf("refusals: %+v", p.Refusals)
	}
	if c := changeOf(t, p, "alias.a"); len(c.Calls) > 0 {
		t.Errorf("its name was given away: %q", c.Calls)
	}
}

// However many strays there are, the plan says how many.
func TestStraysBeyondTheListAreCounted(t *testing.T) {
	w := newWorld(t)
	for range 23 {
		w.newKey().Tags = plan.OwnerTags(w.state.Lineage, addr.Address{Kind: "key", Name: "x"}, "i")
	}
	var said []string
	for _, x := range w.plan(config(t, "")).Warnings {
		said = append(said, x.Summary+": "+x.Detail)
	}
	if len(said) != 21 || !strings.Contains(said[20], "3 more of them") {
		t.Errorf("%d warnings, at last %q", len(said), said[max(0, len(said)-1):])
	}
}
