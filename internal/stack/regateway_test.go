package stack_test

import (
	"errors"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// A block of the new name that leads to another emulator, or another region, holds nothing of this stack: the state keeps
// the old name, under which the objects are found.
func TestAGatewayOfAnotherPlaceIsNotTakenForTheOldOne(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.apply()
	old := gatewayName(t)
	for name, block := range map[string]string{
		"another emulator": "gateway \"renamed\" {\n  emulator {\n    path = \"another\"\n  }\n}\n",
		"another region":   "gateway \"renamed\" {\n  region = \"cn-shanghai\"\n  emulator {}\n}\n",
		"the same place":   strings.Replace(gateway, `gateway "`+old+`"`, `gateway "renamed"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			r.write("main.kms.hcl", block+"key \"k\" {}\n")
			r.write("moved.kms.hcl", "moved {\n  from = gateway."+old+"\n  to   = gateway.renamed\n}\n")
			planMoved(t, r, name == "the same place")
			stored, err := stack.OpenState(r.module(), r.options)
			if err != nil {
				t.Fatal(err)
			}
			defer stored.Close()
			planned, err := stored.Regateway(t.Context(), old, "renamed")
			var elsewhere *stack.ElsewhereError
			if name == "the same place" {
				if err != nil || len(planned.Objects) != 1 {
					t.Error(planned, err)
				}
				return
			}
			if !errors.As(err, &elsewhere) {
				t.Errorf("the state would look for its key there: %v, %v", planned, err)
			}
		})
	}
}

// planMoved plans with a moved block of the gateway: it is followed to the same place, and refused for another.
func planMoved(t *testing.T, r *rig, same bool) {
	t.Helper()
	s := r.open()
	defer r.close(s)
	p := r.plan(s)
	switch {
	case same && (len(p.MovedGateways) != 1 || p.MovedGateways[0].Objects != 1 || p.Refused() || p.Empty()):
		t.Errorf("the moved gateway is not followed: %+v", p)
	case !same && (len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardOtherGateway || p.Rescues() != nil):
		t.Errorf("a key would be looked for where it is not: %+v", p.Refusals)
	}
}

// gatewayName is the name of the gateway that every test has.
func gatewayName(t *testing.T) string {
	t.Helper()
	_, rest, _ := strings.Cut(gateway, `gateway "`)
	name, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal(gateway)
	}
	return name
}
