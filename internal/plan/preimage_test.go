package plan_test

import (
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

func TestPreImageSeesWhatMatters(t *testing.T) {
	o := newWorld(t).newKey()
	was := *plan.PreImageOf(o)
	o.Attrs["primary_version"], o.Attrs["next_rotation"] = cty.StringVal("v2"), cty.StringVal("2027-01-01T00:00:00Z")
	if !plan.PreImageOf(o).Equal(was) {
		t.Error("a rotation by the service is no other key")
	}
	for name, v := range map[string]cty.Value{"description": cty.StringVal("x"), "deletion_protection": cty.True} {
		old := o.Attrs[name]
		o.Attrs[name] = v
		if plan.PreImageOf(o).Equal(was) {
			t.Errorf("%s changed unseen", name)
		}
		o.Attrs[name] = old
	}
	o.State, o.DeleteAt = plan.StatePendingDeletion, time.Unix(1, 0)
	if plan.PreImageOf(o).Equal(was) {
		t.Error("the state changed unseen")
	}
}
