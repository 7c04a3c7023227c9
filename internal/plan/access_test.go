package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

const (
	networkRule = `network_rule "lan" {
  name              = "lan"
  source_private_ip = ["10.0.0.0/8"]
}
`
	accessPolicy = networkRule + `access_policy "keys" {
  name          = "keys"
  permissions   = ["RbacPermission/Template/CryptoServiceKeyUser"]
  resources     = ["key/*"]
  network_rules = [network_rule.lan.name]
}
`
	accessPoint = accessPolicy + `application_access_point "p" {
  name     = "p"
  policies = [access_policy.keys.name]
}
`
)

// callNamed does what the calls on a thing with a name do.
func (w *world) callNamed(c plan.Change, body hcl.Body, r *state.Resource) {
	if w.live.Objects[c.Kind] == nil {
		w.live.Objects[c.Kind] = map[string]*plan.Object{}
	}
	o := w.live.Objects[c.Kind][c.ID]
	if o == nil {
		name := body.Attrs["name"].AsString()
		o = &plan.Object{Kind: c.Kind, ID: name, Attrs: map[string]cty.Value{"arn": cty.StringVal("acs:kms:cn-hangzhou:" + account + ":" + name)}}
		w.live.Objects[c.Kind][name] = o
	}
	for _, at := range kind.Lookup(c.Kind, false).Attributes {
		if _, has := o.Attrs[at.Name]; !has && at.Default != nil {
			o.Attrs[at.Name] = at.Default(account)
		}
		w.set(o, body, at.Name)
	}
	r.ID = o.ID
	w.remember(r, o)
}

// theirs is an object that another stack made, which names the policy "keys".
func theirs(of, name string) map[string]*plan.Object {
	return map[string]*plan.Object{name: {Kind: of, ID: name, Attrs: map[string]cty.Value{
		"name": cty.StringVal(name), "description": cty.StringVal("theirs"), "source_private_ip": cty.SetVal([]cty.Value{cty.StringVal("1.2.3.4")}),
		"type": cty.StringVal("Private"), "policies": cty.SetVal([]cty.Value{cty.StringVal("keys")}), "arn": cty.NullVal(cty.String),
	}}}
}

// What is named in a plan's end is not deleted by it, and what leaves it goes first.
func TestWhatIsStillNamedIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	w.apply(accessPoint)
	// Its block is gone, and the policy names it as before, by its text.
	p := w.plan(config(t, strings.Replace(strings.TrimPrefix(accessPoint, networkRule), "network_rule.lan.name", `"lan"`, 1)))
	fired := refusals(p, plan.GuardStillInUse)
	if len(fired) != 1 || !strings.Contains(fired[0].Reason, "access_policy.keys (keys)") {
		t.Fatalf("refusals %+v", p.Refusals)
	}
	p = w.plan(config(t, strings.Replace(strings.TrimPrefix(accessPoint, networkRule), "[network_rule.lan.name]", `null`, 1)))
	i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Kind == plan.KindNetworkRule })
	if p.Refused() || p.Changes[i].Action != plan.Delete || !slices.ContainsFunc(p.Changes[:i], func(c plan.Change) bool { return c.Kind == plan.KindAccessPolicy }) {
		t.Fatalf("%s", lines(p))
	}
	w.apply(strings.Replace(strings.TrimPrefix(accessPoint, networkRule), "[network_rule.lan.name]", `null`, 1))
	// All of them at once, each after what names it.
	p = w.apply(limits + "removed {\n  from   = application_access_point.p\n  action = \"delete\"\n}\n")
	if len(p.Changes) != 2 || p.Changes[0].Kind != plan.KindAccessPoint || p.Changes[1].Kind != plan.KindAccessPolicy {
		t.Fatalf("%s", lines(p))
	}
}
