package view

import (
	"encoding/json"
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/junit"
	"kmsplan.dev/kmsplan/internal/plan"
)

// checksJSON are conditions in the form of Terraform's plan JSON: what has them, and what each of its instances says.
func checksJSON(list []plan.Checked) []any {
	out := []any{}
	at := map[addr.Address]map[string]any{}
	for _, c := range list {
		of := c.Addr.Block()
		of.Module, _ = of.Module.Call()
		entry := at[of]
		if entry == nil {
			entry = map[string]any{"address": checkAddress(of, c.Of()), "status": string(plan.Passed), "instances": []any{}}
			at[of], out = entry, append(out, entry)
		}
		if plan.Worse(c.Status, plan.Status(entry["status"].(string))) {
			entry["status"] = string(c.Status)
		}
		entry["instances"] = append(entry["instances"].([]any), checkInstance(c))
	}
	return out
}

// checkAddress names what has conditions.
func checkAddress(a addr.Address, kind string) map[string]any {
	out := map[string]any{"to_display": a.String(), "kind": kind, "name": a.Name}
	if kind == plan.OfResource {
		of := resourceJSON(a)
		out["mode"], out["type"] = of["mode"], of["type"]
	}
	if a.Module != "" {
		out["module"] = string(a.Module)
	}
	return out
}

// checkInstance is what the conditions of one instance say.
func checkInstance(c plan.Checked) map[string]any {
	at := map[string]any{"to_display": c.Addr.String()}
	if c.Addr.Module != "" {
		at["module"] = string(c.Addr.Module)
	}
	var key []any
	if json.Unmarshal([]byte(c.Addr.Key), &key) == nil && len(key) == 1 {
		at["instance_key"] = key[0]
	}
	out := map[string]any{"address": at, "status": string(c.Status)}
	var problems []any
	for _, p := range c.Problems {
		problems = append(problems, map[string]any{"message": p.Message})
	}
	if len(problems) > 0 {
		out["problems"] = problems
	}
	return out
}

// checksLine counts what conditions say.
func checksLine(list []plan.Checked) string {
	counts := map[plan.Status]int{}
	for _, c := range list {
		counts[c.Status]++
	}
	return fmt.Sprintf("Checks: %d hold, %d do not, %d cannot be evaluated, %d not known yet",
		counts[plan.Passed], counts[plan.Failed], counts[plan.Errored], counts[plan.Undecided])
}

// checks writes one line with what all conditions say, where there are any.
func (l *Lines) checks(list []plan.Checked) {
	if len(list) > 0 {
		l.emit("info", "checks", checksLine(list), map[string]any{"checks": checksJSON(list)})
	}
}

// junitChecks has a case for what has conditions. Those that hold something up are among the errors already.
func (t *Told) junitChecks(list []plan.Checked) (cases []junit.Case) {
	for _, c := range list {
		of := junit.Case{Class: "condition." + c.Of(), Name: neutral(c.Addr.String())}
		switch {
		case !c.Bad() && c.Status == plan.Undecided:
			of.Skipped = &junit.Skipped{Message: "known after apply"}
		case c.Bad() && !c.Soft():
			continue
		}
		for _, p := range c.Problems {
			of = t.at(of, p.Range)
			of.Failure = junit.Because(c.Title(p), "check", neutral(p.Message))
			cases = append(cases, of)
		}
		if !c.Bad() {
			cases = append(cases, of)
		}
	}
	return cases
}
