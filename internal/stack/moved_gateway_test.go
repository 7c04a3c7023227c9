package stack_test

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
)

// What an interrupted run left open on a gateway is found out on the gateway that a moved block names, and apply records
// the new name.
func TestAMovedGatewayTakesItsOpenCallsAlong(t *testing.T) {
	r := newRig(t, aKey)
	r.options.Store = new(memory.Place).Open()
	r.apply()
	old := gatewayName(t)
	leaveOpen(t, r, old, "key.k", r.stored().Resources[0].ID)
	renamed := strings.Replace(gateway, `gateway "`+old+`"`, `gateway "renamed"`, 1)
	r.write("main.kms.hcl", renamed+aKey+"moved {\n  from = gateway."+old+"\n  to   = gateway.renamed\n}\n")
	s := r.open()
	if p := r.plan(s); len(p.MovedGateways) != 1 || p.Refused() {
		t.Errorf("the plan does not follow the block: %+v", p)
	}
	r.close(s)
	if got := gatewayStored(t, r); got != old {
		t.Errorf("a plan stored the gateway %q", got)
	}
	report := r.apply()
	if report.Moved != 1 || len(report.Open) != 0 || gatewayStored(t, r) != "renamed" {
		t.Errorf("the apply recorded %+v", report)
	}
	r.write("main.kms.hcl", renamed+aKey)
	s = r.open()
	if p := r.plan(s); p.Differs() {
		t.Errorf("without the block the plan differs: %+v", p.Changes)
	}
}

// An open call alone proves nothing about where it was made: it is not looked for under another name.
func TestAnOpenCallAloneFollowsNoMovedGateway(t *testing.T) {
	r := newRig(t, aKey)
	r.options.Store = new(memory.Place).Open()
	r.apply()
	leaveOpen(t, r, "gone", "key.other", "")
	r.write("moved.kms.hcl", "moved {\n  from = gateway.gone\n  to   = gateway."+gatewayName(t)+"\n}\n")
	err := r.tryPlan()
	if invalid, ok := stack.IsInvalid(err); !ok || len(invalid.Refusals) != 1 || invalid.Refusals[0].Guard != plan.GuardOtherGateway {
		t.Errorf("the plan said %v", err)
	}
}

// gatewayStored is the gateway of the first object, as it is stored.
func gatewayStored(t *testing.T, r *rig) string {
	t.Helper()
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	st, _, err := stored.Read(t.Context())
	if err != nil || len(st.Resources) == 0 {
		t.Fatalf("%+v, %v", st, err)
	}
	return st.Resources[0].Gateway
}

// leaveOpen leaves a call in the journal, as a run does that dies.
func leaveOpen(t *testing.T, r *rig, gateway, address, id string) {
	t.Helper()
	j, _, err := state.Open(t.Context(), r.options.Store, "test")
	if err != nil {
		t.Fatal(err)
	}
	in := state.NewIntent(address, "key", "UpdateKeyDescription", id, "token", map[string]string{"description": "one"}, time.Now().Add(-time.Hour))
	in.Gateway = gateway
	if err := j.Append(state.Begin(in)); err != nil {
		t.Fatal(err)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
}
