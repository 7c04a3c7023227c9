package plan_test

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

func (w *world) callRotation(c plan.Change, body hcl.Body, r *state.Resource) {
	want := plan.RotationOf(body.Attrs)
	calls := 0
	for _, id := range plan.Strings(plain(body.Attrs["keys"])) {
		key := w.live.Objects[plan.KindKey][id]
		if !want.Differs(key) {
			continue
		}
		calls++
		if key.State != plan.StateEnabled {
			w.t.Fatalf("rotation of %s key %s", key.State, id)
		}
		rotate(key, want)
	}
	for _, name := range plan.Strings(plain(body.Attrs["secrets"])) {
		secret := w.live.Objects[plan.KindSecret][name]
		if !want.Differs(secret) {
			continue
		}
		calls++
		rotate(secret, want)
	}
	if calls > len(c.Calls) {
		w.t.Fatalf("%s needed %d calls and planned %d", c.Addr, calls, len(c.Calls))
	}
	r.ID, r.Attributes = c.Addr.String(), map[string]any{}
	for name, v := range body.Attrs {
		r.Attributes[name] = plan.ToState(plain(v))
	}
}

func rotate(o *plan.Object, want plan.Rotation) {
	o.Attrs["automatic_rotation"], o.Attrs["rotation_interval"] = cty.StringVal("Disabled"), cty.NullVal(cty.String)
	if want.Enabled {
		o.Attrs["automatic_rotation"], o.Attrs["rotation_interval"] = cty.StringVal("Enabled"), want.Interval
	}
}
