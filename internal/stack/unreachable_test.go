package stack_test

import (
	"kmsplan.dev/kmsplan/internal/plan"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/stack"
)

// unreachable is a gateway that no one answers for.
const unreachable = "gateway \"far\" {\n  emulator { ready_file = \"missing.json\" }\n}\n"

// TestAGatewayThatNobodyUsesStopsNothing is case S18.
func TestAGatewayThatNobodyUsesStopsNothing(t *testing.T) {
	r := newRig(t, unreachable+keyAndFile)
	r.write("a.txt", "one")
	if report := r.apply(); report.Added != 1 || report.Files != 1 {
		t.Errorf("report %+v", report)
	}
}

// TestTargetsLeaveOutOtherGateways is case S18: what is targeted is planned and applied while another gateway
// cannot be reached; nothing on that one is called changed or gone.
func TestTargetsLeaveOutOtherGateways(t *testing.T) {
	far := "key \"far\" {\n  gateway = gateway.far\n}\noutput \"far\" { value = key.far.id }\n"
	near := "gateway \"far\" {\n  emulator {}\n}\n"
	r := newRig(t, near+far+"key \"k\" {}\n")
	r.apply()
	r.write("main.kms.hcl", gateway+unreachable+far+"key \"k\" {\n  description = \"changed\"\n}\nkey \"new\" {}\n")
	s := r.open()
	if err := s.Survey(t.Context(), "plan", plan.Scope{}); err == nil || !strings.Contains(err.Error(), "far") {
		t.Errorf("the whole plan gave %v", err)
	}
	target := []addr.Address{{Kind: "key", Name: "k"}}
	if err := s.Survey(t.Context(), "apply", plan.Scope{Targets: target}); err != nil {
		t.Fatal(err)
	}
	p, _, err := s.Plan(t.Context(), plan.Scope{Targets: target})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changes) != 1 || p.Changes[0].Addr.String() != "key.k" || len(p.Drift) > 0 || len(p.Outputs) > 0 || p.Refused() {
		t.Errorf("changes %v, drift %v, outputs %v", p.Changes, p.Drift, p.Outputs)
	}
	if !slices.ContainsFunc(r.notes, func(n string) bool { return strings.Contains(n, `"far" is not read`) }) {
		t.Errorf("nothing was said of it: %v", r.notes)
	}
	report, err := s.Apply(t.Context(), p, stack.Applying{})
	if err != nil || report.Changed != 1 {
		t.Errorf("changed %d, %v", report.Changed, err)
	}
	both := append(target, addr.Address{Kind: "key", Name: "far"})
	if err := s.Survey(t.Context(), "plan", plan.Scope{Targets: both}); err == nil {
		t.Error("a target on the unreachable gateway was planned")
	}
}

// Case S14: an address that nothing has is said before any gateway is left out for its sake.
func TestATargetThatNothingHasIsTheFirstThingThatIsSaid(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	s := r.open()
	err := s.Survey(t.Context(), "plan", plan.Scope{Targets: []addr.Address{addr.Resource("key", "nope")}})
	if err == nil || !strings.Contains(err.Error(), "has an address key.nope") || len(r.notes) > 0 {
		t.Errorf("%v, notes %q", err, r.notes)
	}
}
