package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/stack"
)

// forgedModule plans an update of key.k with another team.
const forgedModule = `
gateway "dev" {
  region = var.where
  emulator {
    ready_file = var.ready
  }
}
variable "where" { default = "cn-hangzhou" }
variable "ready" { default = "ready.json" }
variable "team" { default = "orders" }
variable "keys" { default = ["a", "b"] }
key "k" { description = var.team }
key "many" { for_each = toset(var.keys) }
alias "one" {
  name = "alias/one"
  key  = key.k.id
}
`

// victim is a module with a key of strangers beside it, in a running emulator.
type victim struct {
	t        *testing.T
	dir      string
	server   *emulator.Server
	stranger string
}

func newVictim(t *testing.T) *victim {
	v := &victim{t: t, dir: t.TempDir(), server: emulatortest.New(t)}
	v.ready("ready.json", v.server)
	v.write(forgedModule + "key \"gone\" {}\n")
	v.run(0, "apply", "-auto-approve")
	out := v.run(0, "kms", "CreateKey", "-json")
	var made struct{ KeyMetadata struct{ KeyId string } }
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		t.Fatal(err)
	}
	v.stranger = made.KeyMetadata.KeyId
	return v
}

func (v *victim) write(text string) {
	v.t.Helper()
	if err := os.WriteFile(filepath.Join(v.dir, "main.kms.hcl"), []byte(text), 0o644); err != nil {
		v.t.Fatal(err)
	}
}

func (v *victim) ready(name string, server *emulator.Server) {
	v.t.Helper()
	if err := server.WriteReadyFile(filepath.Join(v.dir, name)); err != nil {
		v.t.Fatal(err)
	}
}

// run runs kmsplan in this process, as a user would.
func (v *victim) run(code int, args ...string) string {
	v.t.Helper()
	var out, errs bytes.Buffer
	got := Main(Process{Args: append([]string{"-chdir=" + v.dir}, args...), Env: []string{"NO_COLOR=1"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	if got != code {
		v.t.Fatalf("kmsplan %v: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	return out.String() + errs.String()
}

// plan is what plan -out would save with these variables, before it is written.
func (v *victim) plan(vars ...hcl.Assignment) *planfile.File {
	v.t.Helper()
	s, err := stack.Open(stack.Module{Dir: v.dir, Vars: vars}, stack.Options{})
	if err != nil {
		v.t.Fatal(err)
	}
	defer s.Close()
	if err := s.Survey(v.t.Context(), "plan", plan.Scope{}); err != nil {
		v.t.Fatal(err)
	}
	p, _, err := s.Plan(v.t.Context(), plan.Scope{})
	if err != nil {
		v.t.Fatal(err)
	}
	f, err := s.Saved(p, plan.Scope{})
	if err != nil {
		v.t.Fatal(err)
	}
	return f
}

// save writes a plan with its right checksum, and with its right seal or none.
func (v *victim) save(f *planfile.File, sealed bool) {
	v.t.Helper()
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		v.t.Fatal(err)
	}
	raw := b.Bytes()
	if !sealed {
		var e map[string]json.RawMessage
		if err := json.Unmarshal(raw, &e); err != nil {
			v.t.Fatal(err)
		}
		e["seal"] = []byte(`"AAAA"`)
		raw, _ = json.Marshal(e)
	}
	if err := os.WriteFile(filepath.Join(v.dir, "forged.plan"), raw, 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// changes are the calls that changed something.
func (v *victim) changes() (out []string) {
	for _, c := range v.server.Calls().Calls(calllog.Filter{}) {
		if !strings.HasPrefix(c.Operation, "Describe") && !strings.HasPrefix(c.Operation, "List") && !strings.HasPrefix(c.Operation, "Get") {
			out = append(out, c.Operation+" "+c.Key)
		}
	}
	return out
}

// Case P4, and its siblings. Who can write a saved plan, and even who can seal it because the state lies open to them,
// reaches no key with it: what apply does comes from the configuration, the state and the service. The plan of each
// forgery is otherwise the right one, and is applied when nothing is forged.
func TestForgedPlansReachNoKey(t *testing.T) {
	change := func(f *planfile.File, address string) *plan.Change {
		i := slices.IndexFunc(f.Plan.Changes, func(c plan.Change) bool { return c.Addr.String() == address })
		return &f.Plan.Changes[i]
	}
	variable := func(name string, value cty.Value) func(*victim, *planfile.File) {
		return func(_ *victim, f *planfile.File) {
			f.Binding.Variables = append(f.Binding.Variables, hcl.Variable{})
			f.Binding.Variables = slices.DeleteFunc(f.Binding.Variables, func(v hcl.Variable) bool { return v.Name == name || v.Name == "" })
			f.Binding.Variables = append(f.Binding.Variables, hcl.Variable{Name: name, Value: value, Flag: true})
		}
	}
	v := newVictim(t)
	good := v.plan(hcl.Assignment{Name: "team", Value: "sales"})
	for name, forge := range map[string]func(*victim, *planfile.File){
		"another id":     func(v *victim, f *planfile.File) { change(f, "key.k").ID = v.stranger },
		"another action": func(_ *victim, f *planfile.File) { change(f, "key.k").Action = plan.Retire },
		"a create of what is there": func(_ *victim, f *planfile.File) {
			c := change(f, "key.k")
			c.Action, c.ID, c.Calls = plan.Create, "", []string{"CreateKey"}
		},
		"other calls": func(_ *victim, f *planfile.File) { change(f, "key.k").Calls = []string{"DisableKey"} },
		"calls added": func(_ *victim, f *planfile.File) {
			c := change(f, "key.k")
			c.Calls = append(c.Calls, "SetDeletionProtection", "ScheduleKeyDeletion")
		},
		"another value": func(_ *victim, f *planfile.File) { change(f, "key.k").Diff[0].After = cty.StringVal("forged") },
		"an object of strangers": func(v *victim, f *planfile.File) {
			c := *change(f, "key.k")
			c.Addr, c.ID, c.Calls = addr.Resource(plan.KindKey, "stranger"), v.stranger, []string{"DisableKey"}
			f.Plan.Changes = append(f.Plan.Changes, c)
		},
		"an unchanged key retired": func(_ *victim, f *planfile.File) {
			c := change(f, `key.many["a"]`)
			c.Action, c.Calls = plan.Retire, []string{"DisableKey"}
		},
		"a protected key forgotten": func(_ *victim, f *planfile.File) {
			c := change(f, `key.many["a"]`)
			c.Action, c.Calls = plan.Forget, nil
		},
		"no longer protected":         func(_ *victim, f *planfile.File) { c := change(f, "key.k"); c.Protected = !c.Protected },
		"taken from another stack":    func(_ *victim, f *planfile.File) { change(f, "key.k").TakenFrom = "lineage" },
		"moved":                       func(_ *victim, f *planfile.File) { change(f, "key.k").MovedFrom = addr.Resource(plan.KindKey, "x") },
		"another gateway":             func(_ *victim, f *planfile.File) { change(f, "key.k").Gateway = "prod" },
		"another kind":                func(_ *victim, f *planfile.File) { change(f, "key.k").Kind = plan.KindSecret },
		"a pre-image":                 func(_ *victim, f *planfile.File) { change(f, "key.k").PreImage = &plan.PreImage{State: "Disabled"} },
		"another stack":               func(_ *victim, f *planfile.File) { f.Plan.Lineage = "11111111-1111-4111-8111-111111111111" },
		"a later state":               func(_ *victim, f *planfile.File) { f.Plan.Serial++ },
		"another region":              func(_ *victim, f *planfile.File) { f.Binding.Gateways[0].Region = "cn-shanghai" },
		"another account":             func(_ *victim, f *planfile.File) { f.Binding.Gateways[0].Account = "1" },
		"another instance":            func(_ *victim, f *planfile.File) { f.Binding.Gateways[0].Instance = "kst-other" },
		"no gateway":                  func(_ *victim, f *planfile.File) { f.Binding.Gateways = nil },
		"the service, not emulator":   func(_ *victim, f *planfile.File) { f.Binding.Gateways[0].Emulator = false },
		"a variable of a value":       variable("team", cty.StringVal("forged")),
		"a variable of the region":    variable("where", cty.StringVal("cn-shanghai")),
		"a variable that drops a key": variable("keys", cty.TupleVal([]cty.Value{cty.StringVal("a")})),
		"a target that leaves it out": func(_ *victim, f *planfile.File) {
			f.Binding.Scope.Targets = []addr.Address{addr.Resource(plan.KindKey, "gone")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			forged, made := *good, *good.Plan
			made.Changes = slices.Clone(made.Changes)
			for i := range made.Changes {
				made.Changes[i].Diff = slices.Clone(made.Changes[i].Diff)
			}
			forged.Plan = &made
			forged.Binding.Gateways = slices.Clone(good.Binding.Gateways)
			forged.Binding.Variables = slices.Clone(good.Binding.Variables)
			forge(v, &forged)
			v.save(&forged, true)
			v.refused(t, "forged.plan")
		})
	}
	v.save(good, false)
	v.refused(t, "forged.plan")
	v.save(good, true)
	if got := v.run(0, "apply", "forged.plan"); !strings.Contains(got, "1 changed") {
		t.Error(got)
	}
}

// refused demands that applying the plan is refused, that it says what to do, and that nothing was called and the
// state is as it was.
func (v *victim) refused(t *testing.T, plan string) {
	t.Helper()
	state := filepath.Join(v.dir, "kmsplan.state.json")
	was, _ := os.ReadFile(state)
	before := len(v.changes())
	var out, errs bytes.Buffer
	code := Main(Process{Args: []string{"-chdir=" + v.dir, "apply", plan}, Env: []string{"NO_COLOR=1"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	if code != exitError && code != exitRefused {
		t.Errorf("exit code %d\n%s%s", code, &out, &errs)
	}
	if got := v.changes()[before:]; len(got) > 0 {
		t.Errorf("called %v\n%s%s", got, &out, &errs)
	}
	if is, _ := os.ReadFile(state); !bytes.Equal(was, is) {
		t.Errorf("the state changed\n%s%s", &out, &errs)
	}
	if text := errs.String(); !strings.Contains(text, "plan again") && !strings.Contains(text, "Ways forward") {
		t.Errorf("it does not say what to do:\n%s", text)
	}
}

// Case P4. A guard's refusal that was cut out of a saved plan, and a limit that was raised for its making alone, hold
// nothing open: the plan is refused by the same guard when it is made again.
func TestARefusalIsNotCutOut(t *testing.T) {
	v := newVictim(t)
	retired := forgedModule + "removed {\n  from   = key.gone\n  action = \"retire\"\n}\n"
	v.write(retired)
	f := v.plan()
	if !f.Plan.Refused() {
		t.Fatal("nothing is refused")
	}
	f.Plan.Refusals = nil
	v.save(f, true)
	v.refused(t, "forged.plan")

	v.write(retired + "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\n")
	v.run(0, "plan", "-out", "raised.plan")
	v.write(retired)
	v.refused(t, "raised.plan")
}

// Cases P13 and P4. A plan made for one emulator is not applied to another, whatever ready
// file stands there now.
func TestAPlanMeansOneEmulator(t *testing.T) {
	v := newVictim(t)
	v.run(0, "plan", "-var", "team=sales", "-out", "p")
	v.server = emulatortest.New(t)
	v.ready("ready.json", v.server)
	v.refused(t, "p")
}
