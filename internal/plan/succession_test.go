package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// succeeding is a key of a spec that gets a successor when the spec changes.
func succeeding(spec string) string {
	return fmt.Sprintf("key \"old\" {\n  spec = %q\n  lifecycle { on_immutable_change = \"succeed\" }\n}\n", spec)
}

const retirePredecessor = `
removed {
  from      = predecessor.old
  action    = "retire"
  soak_days = 7
}
`

const aliasOld = "alias \"a\" {\n  name = \"alias/a\"\n  key  = key.old.id\n}\n"

// carryOutPredecessor makes a predecessor's calls, and records them with its successor.
func (w *world) carryOutPredecessor(c plan.Change, id string) {
	for i := range w.state.Resources {
		of := &w.state.Resources[i]
		r := of.Predecessor(id)
		if r == nil {
			continue
		}
		o := w.live.Objects[plan.KindKey][id]
		for _, op := range c.Calls {
			switch op {
			case "EnableKey", "CancelKeyDeletion":
				w.setState(o, plan.StateEnabled)
				r.Retire, r.RetiredAt = "", time.Time{}
			case "DisableKey":
				w.setState(o, plan.StateDisabled)
				r.Retire, r.RetiredAt = plan.RetireDisabled, w.now
			case "ScheduleKeyDeletion":
				w.setState(o, plan.StatePendingDeletion)
				r.Retire, r.RetiredAt = plan.RetireScheduled, w.now
			}
		}
		if c.Action == plan.Forget || c.Action == plan.Delete {
			r = nil
		}
		*of = of.WithPredecessor(id, r)
		return
	}
}

// A successor takes the place of a key in everything that refers to it; what cannot follow stays under the old key, which is kept for it.
func TestAKeyIsSucceeded(t *testing.T) {
	src := func(spec string) string {
		return limits + succeeding(spec) + aliasOld + keyed("key.old.id") + strings.ReplaceAll(policy, "key.k", "key.old")
	}
	w := newWorld(t)
	w.apply(src("Aliyun_AES_256"))
	golden(t, "succeed", w.apply(src("Aliyun_SM4")))
	golden(t, "succeed-after", w.plan(config(t, src("Aliyun_SM4"))))
	r := w.resource(addr.Resource("key", "old"))
	if len(r.Predecessors) != 1 || r.Predecessors[0].ID != "key-0001" || w.live.Aliases["alias/a"] != r.ID {
		t.Errorf("%+v, and the aliases are %v", r, w.live.Aliases)
	}

	// A successor of a successor.
	w.apply(src("Aliyun_AES_256"))
	r = w.resource(addr.Resource("key", "old"))
	if len(r.Predecessors) != 2 || len(w.live.Objects[plan.KindKey]) != 3 {
		t.Errorf("%+v, %d keys", r, len(w.live.Objects[plan.KindKey]))
	}
	if p := w.plan(config(t, src("Aliyun_AES_256"))); !p.Empty() {
		t.Error(lines(p))
	}

	// Moved, it has them still.
	moved := strings.ReplaceAll(strings.ReplaceAll(src("Aliyun_AES_256"), "key.old", "key.new"), "key \"old\"", "key \"new\"") + "moved {\n  from = key.old\n  to = key.new\n}\n"
	w.apply(moved)
	if r = w.resource(addr.Resource("key", "new")); len(r.Predecessors) != 2 {
		t.Errorf("after a move: %+v", r)
	}
	// Forgotten, they go with it, and nobody touches them.
	if p := w.apply("removed {\n  from = key.new\n  action = \"forget\"\n}\n" + strings.ReplaceAll(keyed(`"key-0001"`), "old", "x")); w.key("secret.s") != nil || len(w.state.Resources) != 1 {
		t.Error(lines(p))
	}
}

// What the world does to a predecessor, and what the plan does about it.
func TestPredecessors(t *testing.T) {
	old := func(w *world) *plan.Object { return w.live.Objects[plan.KindKey]["key-0001"] }
	file := []state.File{{Address: "data.encrypt.f", Path: "a.enc", KeyID: "key-0001"}}
	tests := []struct {
		name   string
		files  []state.File
		words  string
		world  func(w *world)
		action plan.Action
		calls  string
	}{
		{"needed", file, "", nil, plan.NoOp, ""},
		{"needed by nothing", nil, "", nil, plan.NoOp, ""},
		{"scheduled by others, and needed", file, "", func(w *world) { w.setState(old(w), plan.StatePendingDeletion) }, plan.Rescue, "CancelKeyDeletion"},
		{"scheduled by others", nil, "", func(w *world) { w.setState(old(w), plan.StatePendingDeletion) }, plan.NoOp, ""},
		{"disabled by others, and needed", file, "", func(w *world) { w.setState(old(w), plan.StateDisabled) }, plan.Update, "EnableKey"},
		{"disabled by others", nil, "", func(w *world) { w.setState(old(w), plan.StateDisabled) }, plan.NoOp, ""},
		{"gone", nil, "", func(w *world) { delete(w.live.Objects[plan.KindKey], "key-0001") }, plan.Forget, ""},
		{"gone, and needed", file, "", func(w *world) { delete(w.live.Objects[plan.KindKey], "key-0001") }, plan.NoOp, ""},
		{"retired", nil, retirePredecessor, nil, plan.Retire, "DisableKey"},
		{"retired by its id", nil, strings.Replace(retirePredecessor, "predecessor.old", `predecessor.old["key-0001"]`, 1), nil, plan.Retire, "DisableKey"},
		{"another one is retired", nil, strings.Replace(retirePredecessor, "predecessor.old", `predecessor.old["key-0009"]`, 1), nil, plan.NoOp, ""},
		{"retired, and scheduled by others, and needed", file, retirePredecessor, func(w *world) { w.setState(old(w), plan.StatePendingDeletion) }, plan.Rescue, "CancelKeyDeletion"},
		{"forgotten", file, strings.Replace(retirePredecessor, "\"retire\"\n  soak_days = 7", "\"forget\"", 1), nil, plan.Forget, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(succeeding("Aliyun_AES_256"))
			w.apply(succeeding("Aliyun_SM4"))
			w.state.Files = test.files
			if test.world != nil {
				test.world(w)
			}
			src := limits + succeeding("Aliyun_SM4") + test.words
			p := w.apply(src)
			for _, c := range p.Changes {
				if c.Addr.IsPredecessor() && (c.Action != test.action || strings.Join(c.Calls, " ") != test.calls || c.Reason == "") {
					t.Errorf("%s", lines(p))
				}
			}
			if p := w.plan(config(t, src)); !p.Empty() && len(refusals(p, plan.GuardStillInUse)) == 0 {
				t.Errorf("planned again:\n%s", lines(p))
			}
		})
	}
}

// A predecessor is retired by one step per apply, and its successor after it.
func TestPredecessorsAreRetired(t *testing.T) {
	w := newWorld(t)
	w.apply(succeeding("Aliyun_AES_256"))
	w.apply(succeeding("Aliyun_SM4"))
	src := limits + succeeding("Aliyun_SM4") + retirePredecessor
	old := w.live.Objects[plan.KindKey]["key-0001"]
	w.apply(src)
	w.now = w.now.Add(6 * 24 * time.Hour)
	if p := w.apply(src); !p.Empty() || old.State != plan.StateDisabled {
		t.Fatalf("while it soaks: %s", lines(p))
	}
	w.now = w.now.Add(25 * time.Hour)
	if p := w.apply(src); !old.Dying() {
		t.Fatalf("after the soak: %s", lines(p))
	}
	both := limits + retire + retirePredecessor
	if p := w.apply(both); !p.Empty() {
		t.Fatalf("the successor waits: %s", lines(p))
	}
	delete(w.live.Objects[plan.KindKey], old.ID)
	w.live.Dying = nil
	w.apply(both)
	if r := w.resource(addr.Resource("key", "old")); len(r.Predecessors) != 0 || r.Retire != plan.RetireDisabled {
		t.Errorf("%+v", r)
	}
	// Taken up again while it soaks, it is usable for what needs it by then.
	w = newWorld(t)
	w.apply(succeeding("Aliyun_AES_256"))
	w.apply(succeeding("Aliyun_SM4"))
	w.apply(src)
	w.state.Files = []state.File{{Address: "data.encrypt.f", Path: "a.enc", KeyID: "key-0001"}}
	w.apply(succeeding("Aliyun_SM4"))
	if r := w.resource(addr.Resource("key", "old")); w.live.Objects[plan.KindKey]["key-0001"].State != plan.StateEnabled || r.Predecessors[0].Retire != "" {
		t.Errorf("%+v", r)
	}
}

// When the state is lost, the key that is as declared is taken up with those that it succeeded.
func TestALineOfKeysIsTakenUp(t *testing.T) {
	w := newWorld(t)
	w.apply(succeeding("Aliyun_AES_256"))
	w.now = w.now.Add(time.Hour)
	w.apply(succeeding("Aliyun_SM4"))
	w.state.Resources = nil
	for _, id := range []string{"key-0001", "key-0002"} {
		w.own(plan.KindKey, addr.Resource("key", "old"), id)
	}
	p := w.apply(succeeding("Aliyun_SM4"))
	r := w.resource(addr.Resource("key", "old"))
	if r.ID != "key-0002" || len(r.Predecessors) != 1 || r.Predecessors[0].ID != "key-0001" || len(p.Warnings) != 0 {
		t.Errorf("%+v\n%s", r, lines(p))
	}
}

// A key that is about to die is rescued first and succeeded by the next plan.
func TestADyingKeyIsRescuedBeforeItIsSucceeded(t *testing.T) {
	w := newWorld(t)
	w.apply(succeeding("Aliyun_AES_256"))
	w.setState(w.key("key.old"), plan.StatePendingDeletion)
	if p := w.apply(succeeding("Aliyun_SM4")); p.Changes[0].Action != plan.Rescue || len(p.Warnings) != 1 {
		t.Error(lines(p))
	}
	if p := w.apply(succeeding("Aliyun_SM4")); p.Changes[0].Action != plan.Succeed {
		t.Error(lines(p))
	}
}

// Files whose key gets a successor, or whose alias moves to another key, are written anew by the same plan, and what is decrypted from them.
func TestFilesFollowTheirKey(t *testing.T) {
	blocks := "data \"encrypt\" \"byalias\" {\n  key = alias.a.name\n  source = \"a\"\n  output = \"a.enc\"\n}\n" +
		"data \"encrypt\" \"byid\" {\n  key = key.old.id\n  source = \"b\"\n  output = \"b.enc\"\n}\n" +
		"data \"encrypt\" \"other\" {\n  key = \"alias/other\"\n  source = \"c\"\n  output = \"c.enc\"\n}\n" +
		"data \"decrypt\" \"d\" {\n  source = \"a.enc\"\n  output = \"d\"\n}\noutput \"v\" { value = data.encrypt.byid.key_version }\n"
	w := newWorld(t)
	w.apply(succeeding("Aliyun_AES_256") + aliasOld + blocks)
	look := func(src string) string {
		in := w.input(config(t, src))
		for name, path := range map[string]string{"byalias": "a", "byid": "b", "other": "c"} {
			in.Files = append(in.Files, plan.FileStatus{Addr: addr.DataBlock("encrypt", name), Path: path + ".enc", Source: path, OutputExists: true, OutputReadable: true})
		}
		in.Files = append(in.Files, plan.FileStatus{Addr: addr.DataBlock("decrypt", "d"), Path: "d", Source: "a.enc", OutputExists: true, OutputReadable: true})
		p, diags := plan.Calculate(in)
		fatalErrors(t, diags)
		var stale []string
		for _, f := range p.Files {
			if f.Action != plan.NoOp {
				stale = append(stale, f.Path)
			}
		}
		return strings.Join(slices.Sorted(slices.Values(stale)), " ")
	}
	if got := look(succeeding("Aliyun_SM4") + aliasOld + blocks); got != "a.enc b.enc d" {
		t.Errorf("a successor: %q", got)
	}
	other := "key \"other\" {}\n"
	w.apply(succeeding("Aliyun_AES_256") + other + aliasOld + blocks)
	if got := look(succeeding("Aliyun_AES_256") + other + strings.Replace(aliasOld, "key.old", "key.other", 1) + blocks); got != "a.enc d" {
		t.Errorf("an alias that moves: %q", got)
	}
	if got := look(succeeding("Aliyun_AES_256") + other + aliasOld + blocks); got != "" {
		t.Errorf("nothing moves: %q", got)
	}
}
