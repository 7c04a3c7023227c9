package plan_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Of a file whose block is gone nothing renews what the state has: the ways end with letting the state forget it, or the guard would
// refuse for ever. A secret that goes in the same plan needs its key until its window ends.
func TestTheWaysOfWhatStaysInAKeysWay(t *testing.T) {
	old := []state.File{{Address: "data.encrypt.f", Path: "it's.enc", KeyID: "key-0001"}}
	others := []state.File{{Address: state.ImportedAddress("it's.enc", 0), Path: "it's.enc", KeyID: "key-0001"}}
	const gone = `removed {
  from   = secret.s
  action = "delete"
}
`
	for name, c := range map[string]struct {
		first, then string
		files       []state.File
		want        []string
	}{
		"a key's file":                        {`key "old" {}`, limits + retire, old, []string{`kmsplan rewrap -key KEY 'it'\''s.enc'`, "`kmsplan state rm 'data.encrypt.f'`"}},
		"a predecessor's file":                {succeeding("Aliyun_AES_256"), limits + succeeding("Aliyun_SM4") + retirePredecessor, old, []string{"kmsplan rewrap -key key-0002", "`kmsplan state rm 'data.encrypt.f'`"}},
		"a file of others":                    {`key "old" {}`, limits + retire, others, []string{`kmsplan rewrap -key KEY 'it'\''s.enc'`}},
		"others under one that was succeeded": {succeeding("Aliyun_AES_256"), limits + succeeding("Aliyun_SM4") + retirePredecessor, others, []string{`kmsplan rewrap -key key-0002 'it'\''s.enc'`}},
		"a secret that goes":                  {"key \"old\" {}\n" + keyed("key.old.id"), strings.Replace(limits, "deletions = 1", "deletions = 9", 1) + retire + gone, nil, []string{"Delete app/s without retiring the key", "after the window"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(c.first)
			if c.first == succeeding("Aliyun_AES_256") {
				w.apply(succeeding("Aliyun_SM4"))
			}
			w.state.Files = c.files
			r := refusals(w.plan(config(t, c.then)), plan.GuardStillInUse)
			if len(r) != 1 {
				t.Fatalf("%+v", r)
			}
			for _, want := range c.want {
				if ways := strings.Join(r[0].WaysForward, "\n"); !strings.Contains(ways, want) {
					t.Errorf("%q is not in:\n%s", want, ways)
				}
			}
		})
	}
}

// A block that was renamed is the usual reason why one is gone and another is new; with several of either nobody can tell.
func TestAVanishedBlockMayHaveBeenRenamed(t *testing.T) {
	for then, moved := range map[string]bool{
		`key "new" {}`:                     true,
		"key \"new\" {}\nkey \"newer\" {}": false,
		`key "other" {}`:                   false,
		"":                                 false,
	} {
		w := newWorld(t)
		w.apply("key \"old\" {}\nkey \"other\" {}")
		r := refusals(w.plan(config(t, then+"\n"+strings.Repeat(`key "other" {}`, strings.Count(then, "\"new\"")))), plan.GuardKeyVanished)
		if len(r) == 0 {
			t.Fatalf("%q is not refused", then)
		}
		if ways := strings.Join(r[0].WaysForward, "\n"); strings.Contains(ways, "renamed to key.new") != moved {
			t.Errorf("%q: %s", then, ways)
		}
	}
}

// A name that another address of the stack holds is not called a stranger's.
func TestAnAliasThatThisStackHoldsIsNotAStrangers(t *testing.T) {
	w := newWorld(t)
	const second = "key \"n\" {}\nalias \"b\" {\n  name = \"alias/b\"\n  key = key.n.id\n}\n"
	w.apply(second + strings.Replace(alias, "key.k.id", "key.k.id\n  lifecycle { prevent_destroy = true }", 1))
	p := w.plan(config(t, "key \"k\" {}\n"+strings.Replace(second, "alias/b", "alias/a", 1)))
	r := refusals(p, plan.GuardAliasTaken)
	if len(r) != 1 || !strings.Contains(r[0].Reason, "held by alias.a of this stack") || strings.Contains(strings.Join(r[0].WaysForward, ""), "import {") {
		t.Errorf("%+v\n%s", r, lines(p))
	}
}
