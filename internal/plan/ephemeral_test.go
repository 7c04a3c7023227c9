package plan_test

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

const handedOn = `
ephemeral "secret" "x" { name = "legacy/db" }
secret "s" {
  name           = "s"
  value          = "a-${ephemeral.secret.x.value}"
  encryption_key = "key-9"
}
`

// A value that is handed on is compared by the versions it is made of: those that state has, and those that are now.
func TestValuesAreComparedByTheirSources(t *testing.T) {
	for name, c := range map[string]struct {
		from    any    // what state has
		version string // now
		want    bool
	}{
		"the same version": {[]any{"dev/legacy/db@v1"}, "v1", false},
		"another version":  {[]any{"dev/legacy/db@v1"}, "v2", true},
		"from elsewhere":   {[]any{"dev/other@v1"}, "v1", true},
		"no longer plain":  {nil, "v1", true},
		"of two":           {[]any{"dev/legacy/db@v1", "dev/other@v1"}, "v1", true},
		"damaged":          {"dev/legacy/db@v1", "v1", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.live.Objects[plan.KindSecret]["s"] = &plan.Object{Kind: plan.KindSecret, ID: "s", Versions: []string{"kp-1"}, Current: "kp-1",
				Attrs: map[string]cty.Value{"name": cty.StringVal("s"), "encryption_key": cty.StringVal("key-9")}}
			w.live.Objects[plan.KindKey]["key-9"] = w.newKey()
			r := state.Resource{Address: "secret.s", Kind: plan.KindSecret, Gateway: "dev", ID: "s", Versions: []string{"kp-1"},
				Attributes:   map[string]any{"name": "s", "encryption_key": "key-9"},
				Fingerprints: map[string]state.Fingerprint{"value": cheap("whatever")}}
			if c.from != nil {
				r.Attributes[plan.ValueFrom] = c.from
			}
			w.state.Resources = append(w.state.Resources, r)
			in := w.input(config(t, handedOn))
			asks, _ := plan.Unanswered(in)
			if len(asks) != 1 || asks[0].Kind != "secret" {
				t.Fatalf("asked for %+v", asks)
			}
			in.Live.Answers = map[plan.Question]plan.Answer{asks[0].Question: {Attributes: map[string]cty.Value{"current_version": cty.StringVal(c.version)}}}
			p, diags := plan.Calculate(in)
			fatalErrors(t, diags)
			change := p.Changes[0]
			if got := change.Needs("PutSecretValue"); got != c.want || change.Writes() != c.want {
				t.Errorf("written: %v, want %v (%+v)", got, c.want, change)
			}
			if c.want && !strings.Contains(change.Reason, "ephemeral.secret.x") {
				t.Errorf("the reason is %q", change.Reason)
			}
			l := p.Lookups[0]
			if l.Addr != addr.EphemeralBlock("secret", "x") || l.Value.ContainsMarked() || !l.Value.GetAttr("value").IsNull() {
				t.Errorf("the plan has %#v", l)
			}
		})
	}
}
