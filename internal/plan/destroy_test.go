package plan_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
)

const whole = `key "k" {}
alias "a" {
  name = "alias/a"
  key  = key.k.id
}
rotation_policy "p" {
  interval = "90d"
  keys     = [key.k.id]
}
`

// destroy plans to take everything away, under a configuration.
func (w *world) destroy(src string) *plan.Plan {
	w.t.Helper()
	return w.plan(plan.Destroying(config(w.t, src), w.state))
}

func TestDestroyTakesNothingThatIsProtected(t *testing.T) {
	w := newWorld(t)
	w.apply(whole)
	p := w.destroy(whole)
	fired := refusals(p, plan.GuardKeyVanished)
	if len(fired) != 1 || !strings.Contains(fired[0].Reason, "is protected") || len(fired[0].WaysForward) != 3 {
		t.Fatalf("%+v", p.Refusals)
	}
	// Its block is out of the configuration already, and the protection is on record.
	if len(refusals(w.destroy(""), plan.GuardKeyVanished)) != 1 {
		t.Error("without its block it is not protected")
	}
	// No other object's way out makes one for the key.
	for _, c := range p.Changes {
		if c.Kind == plan.KindKey && (len(c.Calls) > 0 || c.Action != plan.NoOp) {
			t.Errorf("%v: %c %v", c.Addr, c.Action, c.Calls)
		}
	}
}

func TestDestroyRetiresAKeyInSteps(t *testing.T) {
	open := strings.Replace(whole, "{}", "{\n  lifecycle { prevent_destroy = false }\n}", 1)
	w := newWorld(t)
	w.apply(whole)
	if p := w.destroy(open); len(refusals(p, plan.GuardTooMany)) != 1 {
		t.Errorf("the limit of deletions is nothing to destroy: %+v", p.Refusals)
	}
	cfg := plan.Destroying(config(t, limits+open), w.state)
	p := w.plan(cfg)
	if p.Refused() {
		t.Fatalf("%+v", p.Refusals)
	}
	var done []string
	for _, c := range p.Changes {
		done = append(done, c.Addr.String()+" "+c.Action.Sign()+" "+strings.Join(c.Calls, ","))
	}
	if got := strings.Join(done, "; "); got != "alias.a - DeleteAlias; rotation_policy.p . ; key.k ! DisableKey" {
		t.Error(got)
	}
}

// An emulator's keys go at once; one of the service never does, whatever becomes of the others.
func TestDestroyTearsDownWhatIsOnAnEmulatorOnly(t *testing.T) {
	w := newWorld(t)
	w.apply(whole)
	if p := w.destroy(whole); !p.Refused() {
		t.Error("nothing refuses it on the service")
	}
	emulated := config(t, "gateway \"emu\" {\n  emulator {}\n}\n")
	for i := range w.state.Resources {
		w.state.Resources[i].Gateway = "emu"
	}
	in := w.input(plan.Destroying(emulated, w.state))
	in.Live.Gateways["emu"] = w.live
	p, diags := plan.Calculate(in)
	fatalErrors(t, diags)
	if p.Refused() || p.Summary().Destroy != 2 || p.Summary().Forget != 1 {
		t.Errorf("%+v, %+v", p.Summary(), p.Refusals)
	}
}
