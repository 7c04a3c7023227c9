package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// answered plans with what a service answers to lookups: the id of each key by its name, and why there is none.
func (w *world) answered(cfg *hcl.Config, scope plan.Scope, ids map[string]string, failure error) (*plan.Plan, []string, error) {
	in := w.input(cfg)
	in.Scope, in.Live.Answers = scope, map[plan.Question]plan.Answer{}
	var asked []string
	for {
		asks, deferred := plan.Unanswered(in)
		in.Live.Deferred = deferred
		if len(asks) == 0 {
			break
		}
		for _, ask := range asks {
			name := ask.Arguments["key"].AsString()
			asked = append(asked, name)
			answer := plan.Answer{Attributes: map[string]cty.Value{"id": cty.StringVal(ids[name]), "arn": cty.StringVal("arn of " + name)}}
			if ids[name] == "" {
				answer = plan.Answer{Err: failure}
			}
			in.Live.Answers[ask.Question] = answer
		}
	}
	p, diags := plan.Calculate(in)
	if diags.HasErrors() {
		return p, asked, diags
	}
	return p, asked, nil
}

func lookupOf(p *plan.Plan, address string) *plan.Lookup {
	for i := range p.Lookups {
		if p.Lookups[i].Addr.String() == address {
			return &p.Lookups[i]
		}
	}
	return nil
}

// When a lookup is read: for the plan as soon as all it asks is known and nothing that it comes after changes.
func TestWhenLookupsAreRead(t *testing.T) {
	const managed = `key "a" { description = "one" }
alias "a" {
  name = "alias/a"
  key  = key.a.id
}
`
	for name, c := range map[string]struct {
		before, after string // configurations; before is applied first
		asked         string
		deferred      string // why data.key.x is
	}{
		"known":                             {managed, managed + `data "key" "x" { key = "k-1" }`, "k-1", ""},
		"known by a reference":              {managed, managed + `data "key" "x" { key = key.a.id }`, "key-0001", ""},
		"one after the other":               {managed, managed + `data "key" "x" { key = data.key.y.arn }` + "\n" + `data "key" "y" { key = "k-1" }`, "k-1 arn of k-1", ""},
		"the same twice":                    {managed, managed + `data "key" "x" { key = "k-1" }` + "\n" + `data "key" "y" { key = "k-1" }`, "k-1", ""},
		"null is left out":                  {managed, managed + `data "key" "x" { key = "k-1" }` + "\n" + `data "keys" "none" { count = 0 }`, "k-1", ""},
		"an argument is unknown":            {"", managed + `data "key" "x" { key = key.a.id }`, "", "key is known after apply"},
		"what it refers to changes":         {managed, strings.Replace(managed, "one", "two", 1) + `data "key" "x" { key = key.a.id }`, "", "it comes after key.a"},
		"what it depends on changes":        {managed, strings.Replace(managed, "one", "two", 1) + "data \"key\" \"x\" {\n  key = \"k-1\"\n  depends_on = [key.a]\n}", "", "it comes after key.a"},
		"what it depends on stays":          {managed, managed + "data \"key\" \"x\" {\n  key = \"k-1\"\n  depends_on = [key.a]\n}", "k-1", ""},
		"an alias by name is yet to be":     {"", managed + `data "key" "x" { key = "alias/a" }`, "", "it comes after alias.a"},
		"an alias by name is there":         {managed, managed + `data "key" "x" { key = "alias/a" }`, "alias/a", ""},
		"what another that is put off says": {"", managed + `data "key" "y" { key = key.a.id }` + "\n" + `data "key" "x" { key = data.key.y.arn }`, "", "key is known after apply"},
		"it comes after one put off":        {"", managed + `data "key" "y" { key = key.a.id }` + "\ndata \"key\" \"x\" {\n  key = \"k-1\"\n  depends_on = [data.key.y]\n}", "", "it comes after data.key.y"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(c.before)
			cfg := config(t, c.after)
			p, asked, err := w.answered(cfg, plan.Scope{}, map[string]string{"k-1": "id-1", "arn of k-1": "id-2", "alias/a": "id-3", "key-0001": "id-4"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(asked, " "); got != c.asked {
				t.Errorf("asked for %q, want %q", got, c.asked)
			}
			l := lookupOf(p, "data.key.x")
			if l == nil || l.Deferred != c.deferred || (l.Action() == plan.Read) != (c.deferred != "") {
				t.Fatalf("%+v", l)
			}
			if known := l.Value.GetAttr("id").IsKnown(); known != (c.deferred == "") {
				t.Errorf("its id: %#v", l.Value.GetAttr("id"))
			}
			if c.deferred == "" && (!p.Empty() || p.Differs()) {
				t.Errorf("a lookup that is read for the plan is something to do: %+v", p.Changes)
			}
		})
	}
}

// What uses a lookup sees its values, and a narrower plan has those that it needs.
func TestLookupsAndScopes(t *testing.T) {
	const src = `
key "before" { description = "before" }
data "key" "x" { key = key.before.id }
key "after" { description = data.key.x.arn }
data "key" "apart" { key = "k-1" }
data "key" "broken" { key = "nowhere" }
`
	nothing := &plan.NothingFound{Argument: "key", What: "There is no such key."}
	for name, c := range map[string]struct {
		scope          plan.Scope
		changes, looks string
		failure        string
	}{
		"target":        {plan.Scope{Targets: []addr.Address{addr.Resource("key", "after")}}, "key.before key.after", "data.key.x", ""},
		"target lookup": {plan.Scope{Targets: []addr.Address{addr.DataBlock("key", "x")}}, "key.before", "data.key.x", ""},
		"exclude":       {plan.Scope{Excludes: []addr.Address{addr.Resource("key", "before"), addr.DataBlock("key", "broken")}}, "", "data.key.apart", ""},
		"exclude lookup": {plan.Scope{Excludes: []addr.Address{addr.DataBlock("key", "x"), addr.DataBlock("key", "broken")}},
			"key.before", "data.key.apart", ""},
		"whole": {plan.Scope{}, "", "", "data.key.broken finds nothing. There is no such key."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, _, err := w.answered(config(t, src), c.scope, map[string]string{"k-1": "id-1"}, nothing)
			if c.failure != "" {
				if err == nil || !strings.Contains(err.Error(), c.failure) || !strings.Contains(err.Error(), "main.kms.hcl:") {
					t.Fatal(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var changes, looks []string
			for _, ch := range p.Changes {
				changes = append(changes, ch.Addr.String())
			}
			for _, l := range p.Lookups {
				looks = append(looks, l.Addr.String())
			}
			if strings.Join(changes, " ") != c.changes || strings.Join(looks, " ") != c.looks {
				t.Errorf("changes %v, lookups %v", changes, looks)
			}
		})
	}
}

// A failure is a failure: nothing is said to be absent because of it.
func TestAFailedLookupIsNoAbsence(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.answered(config(t, `data "key" "x" { key = "k-1" }`), plan.Scope{}, nil, errors.New("InvalidAccessKeyId.NotFound"))
	if err == nil || !strings.Contains(err.Error(), "Lookup failed") || strings.Contains(err.Error(), "finds nothing") {
		t.Fatal(err)
	}
}

// The users of a lookup are all whose values come from it, through others too.
func TestWhoUsesALookup(t *testing.T) {
	w := newWorld(t)
	p, _, err := w.answered(config(t, `
data "key" "x" { key = "k-1" }
data "key" "y" { key = data.key.x.arn }
key "a" { description = data.key.y.id }
alias "a" {
  name = "alias/a"
  key  = key.a.id
}
key "b" {}
`), plan.Scope{}, map[string]string{"k-1": "id-1", "arn of k-1": "id-2"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(addr.Names(lookupOf(p, "data.key.x").Users), " "); got != "data.key.y key.a alias.a" {
		t.Error(got)
	}
	if p.Refused() || !slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
		return c.Addr == addr.Resource("key", "a") && c.After.GetAttr("description").RawEquals(cty.StringVal("id-2"))
	}) {
		t.Errorf("%+v", p.Changes)
	}
}
