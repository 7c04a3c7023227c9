package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// Parse reads a comma-separated list of Operation:action[=argument][:times],
// as KMSPLAN_EMULATOR_FAULTS holds it. Operation may be "*", and may carry a
// gateway before a slash ("instance/Encrypt"). Times is a count (default 1),
// "*" for always, or "n+m" to let n calls pass and act on the next m.
//
// Operations and actions are checked; an unknown one is refused with the
// nearest known name.
func Parse(text string, operations []string) ([]Rule, error) {
	rules := []Rule{}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		r, err := parseRule(part)
		if err == nil {
			err = r.validate(operations)
		}
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", part, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(text string) (Rule, error) {
	fields := strings.Split(text, ":")
	if len(fields) < 2 || len(fields) > 3 {
		return Rule{}, fmt.Errorf("want Operation:action[:times], for example CreateKey:drop-after-commit:1")
	}
	r := Rule{Operation: fields[0]}
	if gateway, operation, found := strings.Cut(fields[0], "/"); found {
		r.Gateway, r.Operation = gateway, operation
	}
	if r.Operation == "*" {
		r.Operation = ""
	}
	name, argument, _ := strings.Cut(fields[1], "=")
	r.Action, r.Argument = Name(name), argument
	if len(fields) == 3 {
		if err := r.parseTimes(fields[2]); err != nil {
			return Rule{}, err
		}
	}
	return r, nil
}

func (r *Rule) parseTimes(text string) error {
	if text == "*" {
		r.Times = -1
		return nil
	}
	if after, times, found := strings.Cut(text, "+"); found {
		n, err := strconv.Atoi(after)
		if err != nil || n < 0 {
			return fmt.Errorf("times %q: want a count, * or n+m", text)
		}
		r.After, text = n, times
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("times %q: want a count from 1, * or n+m", text)
	}
	r.Times = n
	return nil
}

var gateways = []string{"public", "dedicated", "instance"}

// validate checks names and the argument.
func (r *Rule) validate(operations []string) error {
	if err := known("gateway", r.Gateway, gateways); err != nil {
		return err
	}
	if err := known("operation", r.Operation, operations); err != nil {
		return err
	}
	if r.Action == "" {
		return fmt.Errorf("no action; the actions are %s", strings.Join(Names(), ", "))
	}
	if err := known("action", string(r.Action), Names()); err != nil {
		return err
	}
	if actions[r.Action].stage == OnConnection && (r.Operation != "" || r.Key != "" || r.Caller != "") {
		return fmt.Errorf("action %s is about connections, which have no operation, key or caller yet: use *", r.Action)
	}
	return r.check()
}

func known(what, name string, names []string) error {
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	if best := suggest.Nearest(name, names); best != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q?", what, name, best)
	}
	if len(names) > 40 {
		return fmt.Errorf("unknown %s %q", what, name)
	}
	return fmt.Errorf("unknown %s %q; known are %s", what, name, strings.Join(names, ", "))
}
