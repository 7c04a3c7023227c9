package planfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
)

// Where a lookup gives another value by now, what comes from it is not done, though it shows in no change: the key of a
// file, the text of a secret.
func TestLookupsOfASavedPlan(t *testing.T) {
	m := newModule(t)
	answer := func(id string) {
		m.live.Answers = map[plan.Question]plan.Answer{}
		for {
			asks, _ := plan.Unanswered(plan.Input{Config: m.load(hcl.Inputs{}), State: m.st, Live: m.live, Now: m.now})
			if len(asks) == 0 {
				return
			}
			m.live.Answers[asks[0].Question] = plan.Answer{Attributes: map[string]cty.Value{"id": cty.StringVal(id)}}
		}
	}
	const used, unused = "\ndata \"key\" \"x\" { key = \"alias/x\" }\ndata \"encrypt\" \"f\" {\n  key = data.key.x.id\n  source = \"f\"\n  output = \"f.enc\"\n}\n", "\ndata \"key\" \"x\" { key = \"alias/x\" }\n"
	m.write("main.kms.hcl", source+used)
	answer("key-1")
	raw := m.save(hcl.Inputs{})
	if _, err := m.apply(raw, hcl.Inputs{}); err != nil {
		t.Fatal(err)
	}
	f, err := planfile.Decode(strings.NewReader(string(raw)))
	if err != nil || len(f.Plan.Lookups) != 1 || f.Plan.Lookups[0].Addr != addr.DataBlock("key", "x") || f.Plan.Lookups[0].Value.GetAttr("id").AsString() != "key-1" {
		t.Fatal(err, f.Plan.Lookups)
	}
	answer("key-2")
	if _, err := m.apply(raw, hcl.Inputs{}); !errors.Is(err, planfile.ErrStale) || !strings.Contains(err.Error(), "data.encrypt.f comes from it") {
		t.Errorf("applied with another key: %v", err)
	}
	m.write("main.kms.hcl", source+unused)
	answer("key-1")
	raw = m.save(hcl.Inputs{})
	answer("key-2")
	if _, err := m.apply(raw, hcl.Inputs{}); err != nil {
		t.Errorf("refused for a lookup that nothing comes from: %v", err)
	}
}
