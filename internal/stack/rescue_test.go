package stack_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
)

// call makes one raw call to the module's service.
func (r *rig) call(operation string, params map[string]any) map[string]any {
	r.t.Helper()
	g, err := stack.OpenGateways(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() {
		if err := g.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	caller, _, err := g.Caller(context.Background(), "", operation, "")
	if err != nil {
		r.t.Fatal(err)
	}
	answer, err := caller.Raw(context.Background(), operation, params)
	if err != nil {
		r.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// idOf is the id that the state has of an address.
func (r *rig) idOf(address string) string {
	r.t.Helper()
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	st, _, err := stored.Read(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, x := range st.Resources {
		if x.Address == address {
			return x.ID
		}
	}
	r.t.Fatalf("the state has no %s", address)
	return ""
}

func (r *rig) keyState(id string) string {
	r.t.Helper()
	metadata, _ := r.call("DescribeKey", map[string]any{"KeyId": id})["KeyMetadata"].(map[string]any)
	state, _ := metadata["KeyState"].(string)
	return state
}

// TestARescueDoesNotWaitForWhatFailed is case P1's kind: the other calls of a rescued key's change need a
// step that fails; the key leaves its deletion window all the same, and the rest is reported.
func TestARescueDoesNotWaitForWhatFailed(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.apply()
	id := r.idOf("key.k")
	r.call("ScheduleKeyDeletion", map[string]any{"KeyId": id, "PendingWindowInDays": 7})
	r.write("main.kms.hcl", gateway+"key \"new\" {}\nkey \"k\" {\n  description = key.new.id\n}\n")
	r.options.Faults = "CreateKey:reject=Forbidden.NoPermission:9"
	s := r.open()
	report, err := s.Apply(t.Context(), r.plan(s), stack.Applying{})
	r.close(s)
	if err == nil || report.ExitCode(err) != 1 {
		t.Errorf("exit code %d, error %v", report.ExitCode(err), err)
	}
	r.options.Faults = ""
	if got := r.keyState(id); got != "Enabled" {
		t.Errorf("the key is %s", got)
	}
	for _, o := range report.Outcomes {
		if o.Addr.String() == "key.k" && !strings.Contains(o.Reason, "it was rescued") {
			t.Errorf("of key.k it says %q", o.Reason)
		}
	}
}

// TestARefusedPlanRescuesAndDoesNothingElse is case P1: a guard refuses, for another object and for the very key
// that waits for deletion.
func TestARefusedPlanRescuesAndDoesNothingElse(t *testing.T) {
	for name, changed := range map[string]string{
		"another object's block is gone": "key \"k\" {\n  description = \"changed\"\n}\nkey \"new\" {}\n",
		"the key's own spec is changed":  "key \"k\" {\n  spec = \"RSA_2048\"\n  usage = \"SIGN/VERIFY\"\n}\nkey \"other\" {}\nkey \"new\" {}\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "key \"k\" {}\nkey \"other\" {}\n")
			r.apply()
			id := r.idOf("key.k")
			r.call("ScheduleKeyDeletion", map[string]any{"KeyId": id, "PendingWindowInDays": 7})
			r.write("main.kms.hcl", gateway+changed)
			s := r.open()
			p := r.plan(s)
			if !p.Refused() || p.Rescues() == nil {
				t.Fatalf("refusals %v, changes %v", p.Refusals, p.Changes)
			}
			report, err := s.Apply(t.Context(), p, stack.Applying{})
			r.close(s)
			if err != nil || report.Changed != 1 || report.Added != 0 {
				t.Errorf("report %+v, error %v", report, err)
			}
			if got := r.keyState(id); got != "Enabled" {
				t.Errorf("the key is %s", got)
			}
			metadata, _ := r.call("DescribeKey", map[string]any{"KeyId": id})["KeyMetadata"].(map[string]any)
			if metadata["Description"] != "" {
				t.Errorf("its description is %v", metadata["Description"])
			}
		})
	}
}
