package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// What stops working without a key is counted, whether a guard refuses the plan for it or not.
func TestTheBlastRadiusIsCounted(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"old\" {}\n" + keyed("key.old.id"))
	w.live.Aliases["alias/theirs"], w.live.Aliases["alias/elsewhere"] = w.key("key.old").ID, "key-elsewhere"
	for _, path := range []string{"a.enc", "b.enc"} {
		w.state.Files = append(w.state.Files, state.File{Address: "data.encrypt.f", Path: path, KeyID: w.key("key.old").ID})
	}
	want := []plan.Radius{{Addr: addr.Resource("key", "old"), Secrets: 1, Files: 2, Aliases: 1}}
	p := w.plan(config(t, limits+retire+keyed(`"key-0001"`)))
	if d := cmp.Diff(want, p.Radius); d != "" || len(refusals(p, plan.GuardStillInUse)) != 1 {
		t.Errorf("%s\n%s", d, lines(p))
	}
	if p := w.plan(config(t, "key \"old\" {}\n"+keyed("key.old.id"))); len(p.Radius) != 0 {
		t.Errorf("nothing is taken out of use: %v", p.Radius)
	}
}
