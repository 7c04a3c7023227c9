package plan_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// underKey has a managed key, an alias of it, and a file under whatever the test puts into FileKeys.
const underKey = `
key "k" {}
alias "k" {
  name = "alias/k"
  key  = key.k.id
}
data "encrypt" "f" {
  key    = "alias/whatever"
  source = "f"
  output = "f.enc"
}
`

// TestAFileUnderAKeyThatCannotBeUsedIsSaid: plan was clean, and apply failed at the file after all else was done.
func TestAFileUnderAKeyThatCannotBeUsedIsSaid(t *testing.T) {
	id := func(w *world) string { return w.resource(addr.Resource("key", "k")).ID }
	state := func(s string) func(*world) {
		return func(w *world) { w.setState(w.live.Objects[plan.KindKey][id(w)], s) }
	}
	own := func(w *world) plan.FileKey {
		return plan.FileKey{Name: id(w), ID: id(w), State: w.live.Objects[plan.KindKey][id(w)].State}
	}
	as := func(k plan.FileKey) func(*world) plan.FileKey { return func(*world) plan.FileKey { return k } }
	for name, tt := range map[string]struct {
		before func(w *world)
		src    string
		key    func(w *world) plan.FileKey
		want   string // "" = no warning
	}{
		"an alias that is nowhere":       {nil, underKey, as(plan.FileKey{Name: "alias/nope"}), "has no alias alias/nope"},
		"an id that is nowhere":          {nil, underKey, as(plan.FileKey{Name: "key-nope"}), "has no key key-nope"},
		"an alias that this plan makes":  {nil, strings.ReplaceAll(underKey, "alias/k", "alias/new"), as(plan.FileKey{Name: "alias/new"}), ""},
		"an alias that this plan leaves": {nil, strings.ReplaceAll(underKey, "alias/k", "alias/new"), as(plan.FileKey{Name: "alias/k", ID: "key-0001", State: plan.StateEnabled}), "takes the alias alias/k away"},
		"a key as it should be":          {nil, underKey, own, ""},
		"a disabled key":                 {state(plan.StateDisabled), underKey, own, "is disabled"},
		"a disabled key that this plan enables": {
			state(plan.StateDisabled), strings.Replace(underKey, `key "k" {}`, `key "k" { enabled = true }`, 1), own, "",
		},
		"a key that this plan rescues":         {state(plan.StatePendingDeletion), underKey, own, ""},
		"another's key that waits for its end": {nil, underKey, as(plan.FileKey{Name: "alias/x", ID: "key-x", State: plan.StatePendingDeletion}), "alias/x (key-x) waits for deletion"},
		"another's key without material":       {nil, underKey, as(plan.FileKey{Name: "key-x", ID: "key-x", State: plan.StatePendingImport}), "has no material"},
		"a key of another instance":            {nil, underKey, as(plan.FileKey{Name: "key-x", ID: "key-x", State: plan.StateEnabled, Instance: "kst-other"}), "not in the instance"},
		"nothing is known of the state":        {nil, underKey, as(plan.FileKey{Name: "key-x", ID: "key-x"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(underKey)
			if tt.before != nil {
				tt.before(w)
			}
			in, block := w.input(config(t, tt.src)), addr.DataBlock("encrypt", "f")
			key := tt.key(w)
			key.Gateway = "dev"
			if key.Instance == "" {
				key.Instance = w.live.InstanceID
			}
			in.FileKeys = map[addr.Address]plan.FileKey{block: key}
			in.Files = []plan.FileStatus{{Addr: block, Path: "f.enc"}, {Addr: block, Path: "g.enc"}}
			p, diags := plan.Calculate(in)
			fatalErrors(t, diags)
			var said []string
			for _, warning := range p.Warnings {
				if warning.Addr == block {
					said = append(said, warning.Detail)
				}
			}
			if tt.want == "" && len(said) > 0 || tt.want != "" && (len(said) != 1 || !strings.Contains(said[0], tt.want)) {
				t.Errorf("said %q, want %q", said, tt.want)
			}
			in.Files = []plan.FileStatus{{Addr: block, Path: "f.enc", OutputExists: true, OutputReadable: true, KeyMissing: true}}
			if p, _ := plan.Calculate(in); (p.Files[0].Reason == "its key does not exist") != (key.ID == "" && tt.want != "") {
				t.Errorf("the reason is %q", p.Files[0].Reason)
			}
			in.Files = []plan.FileStatus{{Addr: block, Path: "f.enc", OutputExists: true, OutputReadable: true}}
			if p, _ := plan.Calculate(in); len(p.Warnings) > 0 {
				t.Errorf("of a file that is current: %+v", p.Warnings)
			}
		})
	}
}
