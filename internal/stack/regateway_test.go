package stack_test

import (
	"errors"
	"strings"
	"testing"

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
