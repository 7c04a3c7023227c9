package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	tfjson "github.com/hashicorp/terraform-json"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// checkedPlan has conditions of every kind and status.
func checkedPlan() *plan.Plan {
	at := hclv2.Range{Filename: "main.kms.hcl", Start: hclv2.Pos{Line: 7}}
	in := func(m addr.Module, kind, name string) addr.Address {
		return addr.Address{Module: m, Kind: kind, Name: name}
	}
	return &plan.Plan{Created: today, Checks: []plan.Checked{
		{Addr: addr.Resource("key", "k").WithKey("eu"), Status: plan.Passed},
		{Addr: addr.Resource("key", "k").WithKey("us"), Status: plan.Failed, Problems: []plan.Problem{{Condition: "precondition", Message: "Not in the US.", Range: at}}},
		{Addr: in(`module.m["a"]`, "output", "id"), Status: plan.Undecided},
		{Addr: in("", "check", "c"), Status: plan.Errored, Problems: []plan.Problem{{Condition: "assert", Message: hostile, Range: at}}},
	}}
}

// Conditions are read by Terraform's own reader of plans.
func TestChecksAreTerraforms(t *testing.T) {
	var b bytes.Buffer
	NewDocument(&Terminal{Out: &b, Err: &b}, "1.2.3").Plan(checkedPlan())
	var p tfjson.Plan
	if err := p.UnmarshalJSON(b.Bytes()); err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	if len(p.Checks) != 3 {
		t.Fatalf("%d checks: %s", len(p.Checks), b.Bytes())
	}
	k, o, c := p.Checks[0], p.Checks[1], p.Checks[2]
	if k.Address.Kind != "resource" || k.Address.Type != "key" || k.Address.ToDisplay != "key.k" || k.Status != tfjson.CheckStatusFail || len(k.Instances) != 2 ||
		k.Instances[1].Address.InstanceKey != "us" || k.Instances[1].Problems[0].Message != "Not in the US." {
		t.Errorf("%+v", k)
	}
	if o.Address.Kind != "output_value" || o.Address.Module != "module.m" || o.Status != tfjson.CheckStatusUnknown || o.Instances[0].Address.Module != `module.m["a"]` {
		t.Errorf("%+v", o)
	}
	if c.Address.Kind != "check" || c.Status != tfjson.CheckStatusError {
		t.Errorf("%+v", c)
	}
}

// Every report has them once, and keeps to its rules whatever their messages say.
func TestChecksInReports(t *testing.T) {
	told := &Told{About: About{Command: "plan", Prefix: "infra", Stack: "infra"}}
	told.Plan(checkedPlan())
	told.Diagnostics(plan.Problems(checkedPlan().Checks), nil)
	xml, doc := string(must(junitXML(told))), string(must(markdown(told)))
	for _, want := range []string{`classname="condition.resource" name="key.k[&#34;eu&#34;]"`, `<skipped message="known after apply"`, `<failure message="Check block assertion failed" type="check"`, `<error message="Resource precondition failed"`} {
		if strings.Count(xml, want) != 1 {
			t.Errorf("%q stands %d times in\n%s", want, strings.Count(xml, want), xml)
		}
	}
	if !strings.Contains(doc, "conditions do not hold") || !strings.Contains(doc, "Resource precondition failed** `infra/main.kms.hcl:7`") || !fencesClose(doc) {
		t.Error(doc)
	}
	var b bytes.Buffer
	lines := NewLines(&b, "1.2.3", func() time.Time { return today })
	lines.Plan(checkedPlan())
	if !strings.Contains(b.String(), `"type":"checks"`) || !strings.Contains(b.String(), "Checks: 1 hold, 1 do not, 1 cannot be evaluated, 1 not known yet") {
		t.Error(b.String())
	}
}
