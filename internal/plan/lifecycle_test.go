package plan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

var update = flag.Bool("update", false, "write the golden files")

const stack = `
variable "db" {
  type      = string
  sensitive = true
  default   = "hunter2-canary"
}
key "orders" {
  description         = "Order database"
  spec                = "Aliyun_AES_256"
  deletion_protection = true
  tags                = { team = "orders" }
}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
rotation_policy "quarterly" {
  interval = "90d"
  keys     = [key.orders.id]
}
secret "db" {
  name           = "orders/db"
  value          = var.db
  encryption_key = key.orders.id
}
output "orders_key" { value = key.orders.id }
`

// golden compares a plan's structure with a file.
func golden(t *testing.T, name string, p *plan.Plan) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := lines(p)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestCreateThenNothing(t *testing.T) {
	w := newWorld(t)
	golden(t, "create", w.apply(stack))
	golden(t, "no-change", w.plan(config(t, stack)))
}

// edit replaces text in the stack; it must be there.
func edit(t *testing.T, src string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		out := replaceOnce(src, pairs[i], pairs[i+1])
		if out == src {
			t.Fatalf("the stack holds no %q", pairs[i])
		}
		src = out
	}
	return src
}

func TestChanges(t *testing.T) {
	tests := []struct {
		name   string
		before string // applied first; "" = the stack
		after  []string
		world  func(w *world)
	}{
		{name: "description-tag-interval-value", after: []string{
			`"Order database"`, `"Orders"`, `team = "orders"`, `team = "sales", cost = "7"`, `"90d"`, `"30d"`, `hunter2-canary`, `hunter3-canary`}},
		{name: "null-is-the-default", after: []string{
			`description         = "Order database"`, `description = null`, `{ team = "orders" }`, `null`, `= true
  tags`, `= null
  tags`}},
		{name: "left-out-is-not-managed", after: []string{`description         = "Order database"`, ``, `tags                = { team = "orders" }`, ``}},
		{name: "disable-and-rotate", before: edit(t, stack, "alias \"orders\" {\n  name = \"alias/orders\"\n  key  = key.orders.id\n}", "",
			"secret \"db\" {\n  name           = \"orders/db\"\n  value          = var.db\n  encryption_key = key.orders.id\n}", ""),
			after: []string{`deletion_protection = true`, `enabled = false`, `90d`, `60d`}},
		{name: "rename-alias", after: []string{`alias/orders`, `alias/sales`}},
		{name: "repoint-alias", after: []string{"key \"orders\" {", "key \"new\" {}\nkey \"orders\" {", `  name = "alias/orders"
  key  = key.orders.id`, `  name = "alias/orders"
  key  = key.new.id`}},
		{name: "remove-alias", after: []string{"alias \"orders\" {\n  name = \"alias/orders\"\n  key  = key.orders.id\n}", ""}},
		{name: "remove-policy", after: []string{"rotation_policy \"quarterly\" {\n  interval = \"90d\"\n  keys     = [key.orders.id]\n}", ""}},
		{name: "leave-policy", after: []string{"key \"orders\" {", "key \"new\" {}\nkey \"orders\" {", `keys     = [key.orders.id]`, `keys     = [key.new.id]`}},
		{name: "rescue-key", world: func(w *world) { w.setState(w.key("key.orders"), plan.StatePendingDeletion) }},
		{name: "rescue-and-disable", before: `key "orders" {}`, after: []string{`{}`, "{\n  enabled = false\n  description = \"d\"\n}"},
			world: func(w *world) { w.setState(w.key("key.orders"), plan.StatePendingDeletion) }},
		{name: "rescue-secret", world: func(w *world) {
			w.live.Objects[plan.KindSecret]["orders/db"].DeleteAt = w.now.Add(72 * time.Hour)
			w.live.Secrets["orders/db"] = w.now.Add(72 * time.Hour)
		}},
		{name: "enable", before: edit(t, `key "orders" { enabled = false }`), after: []string{`false`, `true`}},
		{name: "live-rotation-differs", world: func(w *world) {
			w.key("key.orders").Attrs["rotation_interval"] = cty.StringVal("2592000s")
		}},
		{name: "same-interval-in-seconds", world: func(w *world) {
			w.key("key.orders").Attrs["rotation_interval"] = cty.StringVal("7776000s")
		}},
		{name: "move-key", after: []string{`key "orders" {`, "moved {\n  from = key.orders\n  to = key.sales\n}\nkey \"sales\" {",
			"alias \"orders\" {\n  name = \"alias/orders\"\n  key  = key.orders.id", "alias \"orders\" {\n  name = \"alias/orders\"\n  key  = key.sales.id",
			"keys     = [key.orders.id]", "keys     = [key.sales.id]", "encryption_key = key.orders.id", "encryption_key = key.sales.id", "value = key.orders.id", "value = key.sales.id"}},
		{name: "rename-alias-block", after: []string{`alias "orders"`, `alias "renamed"`}},
		{name: "drift", world: func(w *world) {
			w.key("key.orders").Attrs["description"] = cty.StringVal("someone else's")
			w.key("key.orders").Attrs["tags"] = plan.MapOf(map[string]string{"team": "orders", "x": "y"})
			delete(w.live.Aliases, "alias/orders")
			delete(w.live.Objects[plan.KindAlias], "alias/orders")
		}},
		{name: "retire-disable", before: `key "old" { deletion_protection = true }`, after: []string{
			`key "old" { deletion_protection = true }`, limits + retire}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			src := test.before
			if src == "" {
				src = stack
			}
			w.apply(src)
			if test.world != nil {
				test.world(w)
			}
			src = edit(t, src, test.after...)
			golden(t, test.name, w.plan(config(t, src)))
			w.apply(src)
			if p := w.plan(config(t, src)); !p.Empty() {
				t.Errorf("planned again after apply:\n%s", lines(p))
			}
		})
	}
}

const limits = "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\n"

const retire = `
removed {
  from      = key.old
  action    = "retire"
  soak_days = 7
}
`

// Disable, soak, schedule, gone: one step per apply, and forgotten at the end.
func TestRetirementTakesOneStepPerApply(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" { deletion_protection = true }`)
	old := w.key("key.old")
	src := limits + retire

	if p := w.apply(src); old.State != plan.StateDisabled || p.Changes[0].Action != plan.Retire {
		t.Fatalf("after the first apply the key is %s", old.State)
	}
	w.now = w.now.Add(6 * 24 * time.Hour)
	if p := w.apply(src); !p.Empty() || old.State != plan.StateDisabled {
		t.Fatalf("while it soaks: %s", lines(p))
	}
	w.now = w.now.Add(25 * time.Hour)
	golden(t, "retire-schedule", w.apply(src))
	if !old.Dying() || old.Attrs["deletion_protection"].True() {
		t.Fatalf("after the soak the key is %s", old.State)
	}
	if p := w.apply(src); !p.Empty() {
		t.Fatalf("while it waits: %s", lines(p))
	}
	delete(w.live.Objects[plan.KindKey], old.ID)
	w.live.Dying = nil
	if p := w.apply(src); p.Changes[0].Action != plan.Forget || len(w.state.Resources) != 0 {
		t.Fatalf("when it is gone: %s", lines(p))
	}
}

// Putting the block back ends a retirement at every step.
func TestRetirementIsAbandonedWhenTheBlockIsBack(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}`)
	w.apply(limits + retire)
	p := w.apply(`key "old" {}`)
	if w.key("key.old").State != plan.StateEnabled || p.Changes[0].Action != plan.Update {
		t.Fatalf("after step 1: %s", lines(p))
	}
	w.apply(limits + retire)
	w.now = w.now.Add(8 * 24 * time.Hour)
	w.apply(limits + retire)
	if !w.key("key.old").Dying() {
		t.Fatal("not scheduled")
	}
	p = w.apply(`key "old" {}`)
	if w.key("key.old").State != plan.StateEnabled || p.Changes[0].Action != plan.Rescue {
		t.Fatalf("after step 2: %s", lines(p))
	}
}

// A key that the soak found enabled again was needed: the soak starts over.
func TestSoakStartsOverWhenTheKeyWasEnabled(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}`)
	w.apply(limits + retire)
	w.now = w.now.Add(8 * 24 * time.Hour)
	w.setState(w.key("key.old"), plan.StateEnabled)
	p := w.apply(limits + retire)
	if !p.Changes[0].Needs("DisableKey") || w.key("key.old").State != plan.StateDisabled {
		t.Fatal(lines(p))
	}
}

// An interrupted create leaves a key that state does not know; its tags do.
func TestCreateFindsWhatAnInterruptedOneLeft(t *testing.T) {
	for _, dying := range []bool{false, true} {
		w := newWorld(t)
		w.apply(`key "orders" {}`)
		o := w.key("key.orders")
		w.state.Resources = nil
		w.own(plan.KindKey, addr.Resource("key", "orders"), o.ID)
		want := plan.Adopt
		if dying {
			w.setState(o, plan.StatePendingDeletion)
			want = plan.Rescue
		}
		p := w.apply(`key "orders" {}`)
		if c := p.Changes[0]; c.Action != want || c.ID != o.ID {
			t.Errorf("dying=%v: %s", dying, lines(p))
		}
	}
}

func TestTwoKeysForOneAddressAdoptsTheOlderAndReportsTheOther(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "orders" {}`)
	older := w.key("key.orders")
	younger := w.newKey()
	w.state.Resources = nil
	w.own(plan.KindKey, addr.Resource("key", "orders"), older.ID)
	w.own(plan.KindKey, addr.Resource("key", "orders"), younger.ID)
	golden(t, "adopt-older", w.apply(`key "orders" {}`))
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	key := w.newKey()
	w.live.Aliases["alias/there"] = key.ID
	src := `
key "there" { description = "now ours" }
alias "there" {
  name = "alias/there"
  key  = key.there.id
}
import {
  to = key.there
  id = "` + key.ID + `"
}
import {
  to = alias.there
  id = "alias/there"
}
`
	golden(t, "import", w.apply(src))
	if p := w.plan(config(t, src)); !p.Empty() {
		t.Error(lines(p))
	}
}

// An alias that leaves one for_each for another is held by the new address.
func TestAliasMovesBetweenForEachBlocks(t *testing.T) {
	block := func(name, each string) string {
		return "alias \"" + name + "\" {\n  for_each = toset([" + each + "])\n  name = \"alias/${each.key}\"\n  key = key.k.id\n}\n"
	}
	w := newWorld(t)
	w.apply("key \"k\" {}\n" + block("a", `"x", "y"`))
	p := w.apply("key \"k\" {}\n" + block("a", `"x"`) + block("b", `"y"`))
	if s := p.Summary(); s.Import != 1 || s.Forget != 1 || s.Destroy != 0 || len(w.live.Aliases) != 2 {
		t.Error(lines(p))
	}
}

// A rename is two calls; the next plan ends it wherever it stopped.
func TestInterruptedRenameIsFinished(t *testing.T) {
	src := strings.Replace(stack, "alias/orders", "alias/sales", 1)
	for _, deleted := range []bool{false, true} {
		w := newWorld(t)
		w.apply(stack)
		w.live.Aliases["alias/sales"] = w.live.Aliases["alias/orders"]
		if deleted {
			delete(w.live.Aliases, "alias/orders")
			delete(w.live.Objects[plan.KindAlias], "alias/orders")
		}
		w.apply(src)
		if _, old := w.live.Aliases["alias/orders"]; old || len(w.live.Aliases) != 1 {
			t.Errorf("deleted=%v: aliases %v", deleted, w.live.Aliases)
		}
		if p := w.plan(config(t, src)); !p.Empty() {
			t.Errorf("deleted=%v: %s", deleted, lines(p))
		}
	}
}

func TestTargetsNarrowThePlan(t *testing.T) {
	w := newWorld(t)
	in := w.input(config(t, stack+`key "other" {}`))
	in.Scope.Targets = []addr.Address{addr.Resource("alias", "orders")}
	p, diags := plan.Calculate(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	golden(t, "targets", p)
}

func TestPlanIsDeterministic(t *testing.T) {
	w := newWorld(t)
	w.apply(stack)
	w.setState(w.key("key.orders"), plan.StatePendingDeletion)
	first := lines(w.plan(config(t, stack)))
	for range 5 {
		if again := lines(w.plan(config(t, stack))); again != first {
			t.Fatal(cmp.Diff(first, again))
		}
	}
}

func replaceOnce(s, old, with string) string { return strings.Replace(s, old, with, 1) }
