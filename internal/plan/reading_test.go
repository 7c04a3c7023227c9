package plan_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
)

// Nothing is taken away on the word of the state alone; what takes nothing away is planned, and the plan says what was not read.
func TestNothingIsTakenAwayUnread(t *testing.T) {
	w := newWorld(t)
	const used = "key \"used\" { enabled = true }\n"
	w.apply(used + "key \"old\" {}\n" + aliasOld)
	for src, refused := range map[string]bool{
		limits + retire + used:    true,
		used + "key \"old\" {}\n": true, // deletes the alias
		"key \"used\" { enabled = false }\nkey \"old\" {}\n" + aliasOld:                    true,
		used + "key \"old\" {\n  description = \"new\"\n}\n" + aliasOld + "key \"new\" {}": false,
	} {
		for _, how := range []plan.Reading{plan.ReadFull, plan.ReadList, plan.ReadNothing} {
			in := w.input(config(t, src))
			in.Reading = how
			p, diags := plan.Calculate(in)
			fatalErrors(t, diags)
			if got := len(refusals(p, plan.GuardNotRead)) == 1; got != (refused && how != plan.ReadFull) {
				t.Errorf("-refresh=%s: refused %v\n%s\n%s", how, got, src, lines(p))
			}
			if said := len(p.Warnings) > 0 && p.Warnings[len(p.Warnings)-1].Summary == "Not everything was read"; said != (how != plan.ReadFull) || p.Reading != how {
				t.Errorf("-refresh=%s says so: %v", how, said)
			}
		}
	}
}

// Every spelling of -refresh is read, and no other.
func TestReadingsHaveNames(t *testing.T) {
	for text, want := range map[string]plan.Reading{"true": plan.ReadFull, "full": plan.ReadFull, "list": plan.ReadList, "false": plan.ReadNothing} {
		if got, err := plan.ParseReading(text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := plan.ParseReading("no"); err == nil {
		t.Error("no is a reading")
	}
}
