package stack_test

import (
	"fmt"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state"
)

// inPlace is a key of a spec that gets a successor when the spec changes.
func inPlace(spec string) string {
	return "key \"k\" {\n  spec = \"Aliyun_" + spec + "\"\n  lifecycle { on_immutable_change = \"succeed\" }\n}\n"
}

// succeed gives key.k a successor and returns the old key.
func succeed(r *rig) string {
	old := r.idOf("key.k")
	r.write("main.kms.hcl", attached+bold+inPlace("SM4"))
	r.apply()
	return old
}

// hasPredecessor looks at key.k: it is of the new spec and one key that is in a state precedes it.
func hasPredecessor(want string) func(r *rig) string {
	return func(r *rig) string {
		if wrong := keyIs("KeySpec", "Aliyun_SM4")(r); wrong != "" {
			return wrong
		}
		st := r.stored()
		i := slices.IndexFunc(st.Resources, func(res state.Resource) bool { return res.Address == "key.k" })
		before := st.Resources[i].Predecessors
		if len(before) != 1 || before[0].ID == st.Resources[i].ID {
			return fmt.Sprintf("its predecessors are %+v", before)
		}
		key, _ := r.call("DescribeKey", map[string]any{"KeyId": before[0].ID})["KeyMetadata"].(map[string]any)
		if key["KeyState"] != want || key["KeySpec"] != "Aliyun_AES_256" {
			return fmt.Sprintf("the predecessor is %v, want %s", key, want)
		}
		return ""
	}
}

// A successor of a successor knows both, whatever else is done, and nothing is lost when the stack is taken away.
func TestASuccessorKeepsWhatItSucceeded(t *testing.T) {
	r := machineOn(t, emulatortest.New(t), bold+inPlace("AES_256"))
	r.apply()
	first := r.idOf("key.k")
	second := func() string { succeed(r); return r.idOf("key.k") }()
	r.write("main.kms.hcl", attached+bold+inPlace("AES_256"))
	r.apply()
	r.settled(3, 0, 1)
	var ids []string
	for _, p := range r.stored().Resources[0].Predecessors {
		ids = append(ids, p.ID)
	}
	if !slices.Equal(ids, []string{first, second}) || r.keyState(first) != "Enabled" || r.keyState(second) != "Enabled" {
		t.Fatalf("the predecessors are %v, want %s and %s", ids, first, second)
	}
	s := r.open()
	defer r.close(s)
	s.Destroy()
	p := r.plan(s)
	if len(p.Changes) != 3 {
		t.Errorf("of three keys %d go", len(p.Changes))
	}
}
