package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/plan"
)

// stacks draws a configuration over a few names, so that successive draws add,
// change and remove the same objects.
func stacks(t *rapid.T, label string) string {
	var b strings.Builder
	fmt.Fprintln(&b, "kmsplan {\n  limits {\n    deletions     = 100\n    deleted_share = 100\n  }\n}")
	var keys []string
	for _, name := range []string{"a", "b", "c"} {
		switch rapid.IntRange(0, 3).Draw(t, label+name) {
		case 0:
			fmt.Fprintf(&b, "removed {\n  from   = key.%s\n  action = \"forget\"\n}\n", name)
		case 1:
			fmt.Fprintf(&b, "key %q {}\n", name)
			keys = append(keys, name)
		default:
			keys = append(keys, name)
			fmt.Fprintf(&b, "key %q {\n  description = %s\n  deletion_protection = %s\n  tags = %s\n}\n", name,
				rapid.SampledFrom([]string{`"x"`, `"y"`, "null"}).Draw(t, label+name+"description"),
				rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, label+name+"protection"),
				rapid.SampledFrom([]string{"{}", `{ t = "1" }`, `{ t = "2", u = "3" }`, "null"}).Draw(t, label+name+"tags"))
		}
	}
	if len(keys) == 0 {
		return b.String()
	}
	for _, name := range []string{"one", "two"} {
		if rapid.Bool().Draw(t, label+name) {
			fmt.Fprintf(&b, "alias %q {\n  name = \"alias/%s\"\n  key  = key.%s.id\n}\n", name,
				name+rapid.SampledFrom([]string{"", "-new"}).Draw(t, label+name+"name"), rapid.SampledFrom(keys).Draw(t, label+name+"key"))
		}
	}
	if rapid.Bool().Draw(t, label+"policy") {
		fmt.Fprintf(&b, "rotation_policy \"p\" {\n  interval = %s\n  keys = [key.%s.id]\n}\n",
			rapid.SampledFrom([]string{`"30d"`, `"720h"`, `"90d"`}).Draw(t, label+"interval"), rapid.SampledFrom(keys).Draw(t, label+"policykey"))
	}
	if rapid.Bool().Draw(t, label+"secret") {
		fmt.Fprintf(&b, "variable \"v\" {\n  type = string\n  sensitive = true\n  default = %q\n}\nsecret \"s\" {\n  name = \"s\"\n  instance = null\n  value = var.v\n  description = %s\n}\n",
			rapid.SampledFrom([]string{"p1", "p2"}).Draw(t, label+"value"), rapid.SampledFrom([]string{`"x"`, "null"}).Draw(t, label+"secretdescription"))
	} else {
		fmt.Fprintln(&b, "removed {\n  from   = secret.s\n  action = \"delete\"\n}")
	}
	return b.String()
}

// meddle changes the service behind the stack's back.
func meddle(t *rapid.T, w *world) {
	for i, r := range w.state.Resources {
		o := w.live.Objects[r.Kind][r.ID]
		if o == nil || !rapid.Bool().Draw(t, fmt.Sprint("meddle", i)) {
			continue
		}
		switch r.Kind {
		case plan.KindKey:
			if rapid.Bool().Draw(t, fmt.Sprint("dying", i)) {
				w.setState(o, plan.StatePendingDeletion)
			} else {
				o.Attrs["description"] = cty.StringVal("meddled")
			}
		case plan.KindAlias:
			delete(w.live.Aliases, r.ID)
			delete(w.live.Objects[plan.KindAlias], r.ID)
		case plan.KindSecret:
			o.DeleteAt = w.now.Add(1000)
			w.live.Secrets[r.ID] = o.DeleteAt
		}
	}
}

// Whatever stack follows whatever stack, whatever happened in between: either the
// plan is refused, or applying it leaves nothing to do. No key is ever lost on the way.
func TestPlanOfApplyOfPlanIsEmpty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		for step := range 4 {
			src := stacks(r, fmt.Sprint(step))
			cfg := config(t, src)
			p := w.plan(cfg)
			if diff := cmp.Diff(lines(p), lines(w.plan(config(t, src)))); diff != "" {
				r.Fatalf("two plans of the same:\n%s", diff)
			}
			if p.Refused() {
				continue
			}
			keys := len(w.live.Objects[plan.KindKey])
			w.carryOut(cfg, p)
			if len(w.live.Objects[plan.KindKey]) < keys {
				r.Fatal("a key is gone")
			}
			if again := w.plan(config(t, src)); !again.Empty() || again.Refused() {
				r.Fatalf("step %d:\n%s\nplanned\n%s\nand then\n%s", step, src, lines(p), lines(again))
			}
			meddle(r, w)
		}
	})
}
