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
	s := r.open()
	if p := r.plan(s); len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardOtherGateway {
		t.Errorf("the plan says %+v", p.Refusals)
	}
	r.close(s)
	j, at, err := state.Open(t.Context(), r.options.Store, "test")
	if err != nil || len(at.Open) != 1 {
		t.Errorf("open calls %+v, %v", at.Open, err)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
}

// A moved block of a gateway that leads elsewhere refuses the plan, and rescues nothing of what it leads to: what has the
// same name there is somebody else's. On other gateways rescues are carried out, and what is open stays open.
func TestAGatewayThatLeadsElsewhereHoldsUpNoRescue(t *testing.T) {
	const near = "gateway \"near\" {\n  emulator {\n    path = \"near\"\n  }\n}\n"
	const keyNear = "key \"near\" {\n  gateway = gateway.near\n}\n"
	const secret = "secret \"s\" {\n  name = \"s\"\n  instance = null\n  generate {\n    length = 20\n  }\n  lifecycle {\n    prevent_destroy = false\n  }\n}\n"
	const others = "gateway \"renamed\" {\n  emulator {\n    path = \"theirs\"\n  }\n}\n"
	r := newRig(t, "")
	r.write("main.kms.hcl", others+"secret \"s\" {\n  name = \"s\"\n  instance = null\n  generate {\n    length = 20\n  }\n}\n")
	r.options.Store = new(memory.Place).Open()
	r.apply()
	r.call("DeleteSecret", map[string]any{"SecretName": "s", "RecoveryWindowInDays": 7})

	r.options.Store = new(memory.Place).Open()
	r.write("main.kms.hcl", near+gateway+keyNear+"key \"k\" {\n  gateway = gateway.dev\n}\nkey \"gone\" {\n  gateway = gateway.dev\n}\n"+strings.Replace(secret, "\"s\" {\n", "\"s\" {\n  gateway = gateway.dev\n", 1))
	r.apply()
	id := r.idOf("key.near")
	r.call("ScheduleKeyDeletion", map[string]any{"KeyId": id, "PendingWindowInDays": 7})
	leaveOpen(t, r, "dev", "key.k", r.idOf("key.k"))
	moved := "moved {\n  from = gateway.dev\n  to   = gateway.renamed\n}\nremoved {\n  from   = key.gone\n  action = \"retire\"\n}\n"
	r.write("main.kms.hcl", near+others+keyNear+"key \"k\" {\n  gateway = gateway.renamed\n}\nkey \"new\" {}\n"+strings.Replace(secret, "\"s\" {\n", "\"s\" {\n  gateway = gateway.renamed\n", 1)+moved)

	s := r.open()
	if err := s.Survey(t.Context(), "apply", plan.Scope{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Drift(t.Context(), plan.Scope{}); err == nil {
		t.Error("drift is told without what is on the moved gateway")
	}
	p, _, err := s.Plan(t.Context(), plan.Scope{})
	if err != nil || len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardOtherGateway {
		t.Fatalf("%+v, %v", p, err)
	}
	if rescues := p.Rescues(); rescues == nil || len(rescues.Changes) != 1 || rescues.Changes[0].Addr.String() != "key.near" {
		t.Fatalf("rescues %+v", rescues)
	}
	report, err := s.Apply(t.Context(), p, stack.Applying{})
	r.close(s)
	if err != nil || report.Changed != 1 || report.Added+report.Moved != 0 || len(report.Open) != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
	if got := r.keyState(id); got != "Enabled" {
		t.Errorf("the key is %s", got)
	}
	for _, x := range r.stored().Resources {
		if x.Address == "key.near" && x.Gateway != "near" || x.Address != "key.near" && x.Gateway != "dev" {
			t.Errorf("%s is recorded on %q", x.Address, x.Gateway)
		}
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
