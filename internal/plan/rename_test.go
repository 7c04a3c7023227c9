package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
)

// aliases are keys a, b, c … with an alias each, of the given names.
func aliases(names ...string) string {
	var b strings.Builder
	for i, name := range names {
		k := string(rune('a' + i))
		fmt.Fprintf(&b, "key %q {}\n", k)
		if name != "" {
			fmt.Fprintf(&b, "alias %q {\n  name = \"alias/%s\"\n  key  = key.%s.id\n}\n", k, name, k)
		}
	}
	return b.String()
}

// Case S15: names that are exchanged, or handed on in a chain, are planned so that every name that stays is at
// every moment an alias.
func TestAliasNamesAreExchanged(t *testing.T) {
	tests := []struct {
		name         string
		first, then  []string
		creates      int
		deletes      int
		gone, remain []string
	}{
		{name: "two", first: []string{"x", "y"}, then: []string{"y", "x"}, remain: []string{"x", "y"}},
		{name: "three in a ring", first: []string{"x", "y", "z"}, then: []string{"y", "z", "x"}, remain: []string{"x", "y", "z"}},
		{name: "a chain", first: []string{"x", "y"}, then: []string{"y", "z"}, creates: 1, deletes: 1, remain: []string{"y"}},
		{name: "a chain, from its end", first: []string{"y", "x"}, then: []string{"z", "y"}, creates: 1, deletes: 1, remain: []string{"y"}},
		{name: "a chain of four", first: []string{"w", "x", "y", "z"}, then: []string{"x", "y", "z", "end"}, creates: 1, deletes: 1, remain: []string{"x", "y", "z"}},
		{name: "a chain of four, from its end", first: []string{"z", "y", "x", "w"}, then: []string{"end", "z", "y", "x"}, creates: 1, deletes: 1, remain: []string{"x", "y", "z"}},
		{name: "a chain that runs to and fro", first: []string{"x", "z", "w", "y"}, then: []string{"y", "end", "x", "z"}, creates: 1, deletes: 1, remain: []string{"x", "y", "z"}},
		{name: "a chain onto the name of a block that is gone", first: []string{"x", "y", "z"}, then: []string{"y", "z", ""}, deletes: 1, remain: []string{"y", "z"}},
		{name: "two rings at once", first: []string{"v", "w", "x", "y", "z"}, then: []string{"w", "v", "y", "z", "x"}, remain: []string{"v", "w", "x", "y", "z"}},
		{name: "from a block that is gone", first: []string{"x", "y"}, then: []string{"y", ""}, deletes: 1, remain: []string{"y"}},
		{name: "a mere rename", first: []string{"x"}, then: []string{"y"}, creates: 1, deletes: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(aliases(test.first...))
			p := w.plan(config(t, aliases(test.then...)))
			creates, deletes := 0, 0
			for _, c := range p.Changes {
				for _, op := range c.Calls {
					switch op {
					case "CreateAlias":
						creates++
					case "DeleteAlias":
						deletes++
						for _, name := range test.remain {
							if c.ID == "alias/"+name {
								t.Errorf("%s deletes %s, which stays", c.Addr, name)
							}
						}
					}
				}
			}
			if p.Refused() || creates != test.creates || deletes != test.deletes {
				t.Fatalf("%d created, %d deleted\n%s", creates, deletes, lines(p))
			}
			w.apply(aliases(test.then...))
			if again := w.plan(config(t, aliases(test.then...))); again.Differs() {
				t.Errorf("and then\n%s", lines(again))
			}
			for i, name := range test.then {
				if name != "" && w.live.Aliases["alias/"+name] != w.key("key."+string(rune('a'+i))).ID {
					t.Errorf("alias/%s points to %s", name, w.live.Aliases["alias/"+name])
				}
			}
		})
	}
}

// Case S15: an exchange that stopped between any two of its changes goes on with the next plan.
func TestAnExchangeThatStoppedGoesOn(t *testing.T) {
	for _, test := range []struct{ first, then []string }{
		{[]string{"x", "y"}, []string{"y", "x"}}, {[]string{"x", "y", "z"}, []string{"y", "z", "x"}}, {[]string{"x", "y"}, []string{"y", "z"}},
		{[]string{"w", "x", "y", "z"}, []string{"x", "y", "z", "end"}}, {[]string{"z", "y", "x", "w"}, []string{"end", "z", "y", "x"}},
		{[]string{"v", "w", "x", "y", "z"}, []string{"w", "v", "y", "z", "x"}},
	} {
		for stop := range len(test.first) {
			t.Run(fmt.Sprint(test.then, stop), func(t *testing.T) {
				w := newWorld(t)
				w.apply(aliases(test.first...))
				cfg := config(t, aliases(test.then...))
				done := 0
				for _, c := range w.plan(cfg).Changes {
					if c.Kind == plan.KindAlias && done <= stop {
						w.carryOutChange(cfg, c)
						done++
					}
				}
				w.apply(aliases(test.then...))
				if again := w.plan(config(t, aliases(test.then...))); again.Differs() {
					t.Errorf("and then\n%s", lines(again))
				}
			})
		}
	}
}

// Case S15: a name that is anybody else's is refused with the true reason.
func TestRenameToSomebodyElsesName(t *testing.T) {
	w := newWorld(t)
	w.apply(aliases("x"))
	w.live.Aliases["alias/y"] = "key-of-someone"
	p := w.plan(config(t, aliases("y")))
	if r := refusals(p, plan.GuardAliasTaken); len(r) != 1 || p.Changes[1].Action != plan.NoOp || len(p.Changes[1].Calls) > 0 {
		t.Error(lines(p))
	}
}
