package plan

import (
	"fmt"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Status is what conditions say.
type Status = hcl.Status

// What conditions say.
const (
	Passed    = hcl.Passed
	Failed    = hcl.Failed
	Errored   = hcl.Errored
	Undecided = hcl.Undecided
)

// Checked is what the conditions of one block's instance, output or check say together.
type Checked struct {
	Addr     addr.Address // of the kind hcl.OutputKind or hcl.CheckKind where it is no block's
	Status   Status       // the worst of its conditions'
	Problems []Problem    // those that do not hold, or cannot be evaluated
}

// Problem is a condition that does not hold.
type Problem struct {
	Condition string // hcl.Precondition …
	Message   string // a text of the configuration's author, or a sentence
	Range     hclv2.Range
}

// ofLookup is the condition of a problem that a lookup of a check has.
const ofLookup = "data"

// What has conditions, in Terraform's words.
const (
	OfResource = "resource" // a managed or data block
	OfOutput   = "output_value"
	OfCheck    = "check"
)

// Of is what has the conditions.
func (c Checked) Of() string {
	switch {
	case c.Addr.Kind == hcl.CheckKind && !c.Addr.Data:
		return OfCheck
	case c.Addr.Kind == hcl.OutputKind && !c.Addr.Data:
		return OfOutput
	}
	return OfResource
}

// Soft reports whether what does not hold is a warning, and holds up nothing.
func (c Checked) Soft() bool { return c.Of() == OfCheck }

// Worse reports whether one status outweighs another.
func Worse(s, than Status) bool { return rank(s) > rank(than) }

// Bad reports whether a condition does not hold.
func (c Checked) Bad() bool { return len(c.Problems) > 0 }

// Title heads a problem, in Terraform's words.
func (c Checked) Title(p Problem) string {
	switch c.Of() {
	case OfCheck:
		if p.Condition == ofLookup {
			return "Lookup of a check failed"
		}
		return "Check block assertion failed"
	case OfOutput:
		return "Module output value precondition failed"
	}
	return "Resource " + p.Condition + " failed"
}

// Diagnostics are the problems as something at a place of the configuration.
func (c Checked) Diagnostics() (diags hclv2.Diagnostics) {
	for _, p := range c.Problems {
		d := &hclv2.Diagnostic{Severity: hclv2.DiagError, Summary: c.Title(p), Detail: c.Addr.String() + ": " + p.Message, Subject: p.Range.Ptr()}
		if c.Soft() {
			d.Severity = hclv2.DiagWarning
		}
		diags = append(diags, d)
	}
	return diags
}

// Why is all that does not hold, as one clause with its places.
func (c Checked) Why() string {
	var all []string
	for _, p := range c.Problems {
		all = append(all, fmt.Sprintf("the %s at %s:%d does not hold: %s", p.Condition, p.Range.Filename, p.Range.Start.Line, strings.TrimSuffix(p.Message, ".")))
	}
	return strings.Join(all, "; ")
}

// Problems are the diagnostics of all conditions that do not hold: errors, and of checks warnings.
func Problems(list []Checked) (diags hclv2.Diagnostics) {
	for _, c := range list {
		diags = append(diags, c.Diagnostics()...)
	}
	return diags
}

// Held are the conditions that hold something up.
func (p *Plan) Held() []Checked {
	return slices.DeleteFunc(slices.Clone(p.Checks), func(c Checked) bool { return c.Soft() || !c.Bad() })
}

// Check evaluates the conditions of one address that have one of the names. ok is false where it has none.
func Check(cfg *hcl.Config, a addr.Address, objects hcl.Objects, words ...string) (c Checked, ok bool) {
	c = Checked{Addr: a, Status: Passed}
	verdicts := cfg.Verdicts(a, objects, words...)
	for _, v := range verdicts {
		if Worse(v.Status, c.Status) {
			c.Status = v.Status
		}
		if v.Status == Failed || v.Status == Errored {
			c.Problems = append(c.Problems, Problem{v.Condition, v.Message, v.Range})
		}
	}
	return c, len(verdicts) > 0
}

func rank(s Status) int {
	return slices.Index([]Status{Passed, Undecided, Failed, Errored}, s)
}

// CheckAll evaluates every condition of a configuration with what is known: of blocks, then of outputs and checks.
func CheckAll(cfg *hcl.Config, objects hcl.Objects) (all []Checked) {
	add := func(a addr.Address) {
		if c, ok := Check(cfg, a, objects, hcl.Precondition, hcl.Postcondition); ok {
			all = append(all, c)
		}
	}
	for _, b := range cfg.Blocks {
		for _, a := range b.Instances {
			add(a)
		}
	}
	for _, a := range cfg.Conditioned() {
		add(a)
	}
	return all
}

// Unkept is why the values of an instance are not to be used, or what is done with it not to be done: one of its
// conditions, or of the outputs of modules that its values come through, does not hold; "" where all do.
func Unkept(cfg *hcl.Config, a addr.Address, objects hcl.Objects, words ...string) string {
	var all []string
	for _, from := range append(cfg.Promises(a), a) {
		if c, _ := Check(cfg, from, objects, words...); c.Bad() && !safety.Off(safety.ConditionHolds) {
			why := c.Why()
			if from != a {
				why = from.String() + ": " + why
			}
			all = append(all, why)
		}
	}
	return strings.Join(all, "; ")
}

// KeptOutput is why an output of the root module stays as it was, or "".
func KeptOutput(cfg *hcl.Config, name string, objects hcl.Objects) string {
	return Unkept(cfg, addr.Resource(hcl.OutputKind, name), objects)
}

// checkConditions evaluates what is known of conditions, and holds back what must not be done: the object, and
// what depends on it. Out of a deletion window an object comes all the same, and nothing else is held up.
func (p *planner) checkConditions() {
	here := make(map[addr.Address]bool, len(p.order))
	for _, n := range p.order {
		here[n.addr] = true
	}
	p.plan.Checks = slices.DeleteFunc(CheckAll(p.in.Config, p.objects), func(c Checked) bool {
		return !here[c.Addr] && c.Of() == OfResource && !(c.Addr.Data && p.targeted(c.Addr))
	})
	for _, l := range p.lookups {
		if l.err != nil && l.Addr.Check != "" {
			LookupWarned(p.plan.Checks, l.block, l.body, l.Addr, l.err)
		}
	}
	held := map[addr.Address]bool{}
	for _, c := range p.plan.Held() {
		held[c.Addr] = true
	}
	if len(held) == 0 {
		return
	}
	why := map[addr.Address]string{}
	for _, n := range p.order {
		if n.block != nil {
			if reason := Unkept(p.in.Config, n.addr, p.objects, hcl.Precondition, hcl.Postcondition); reason != "" {
				why[n.addr] = reason
				n.holdBack()
				n.change.Held = reason
			}
		}
	}
	for _, l := range p.lookups {
		if reason := Unkept(p.in.Config, l.Addr, p.objects, hcl.Precondition, hcl.Postcondition); reason != "" {
			why[l.Addr] = reason
		}
	}
	p.holdDependants(why)
}

// holdDependants holds back what depends on objects that are held back, and says so.
func (p *planner) holdDependants(why map[addr.Address]string) {
	at := make(map[addr.Address]*node, len(p.order))
	for _, n := range p.order {
		at[n.addr] = n
	}
	waits := map[addr.Address]addr.Address{} // for what is held back itself; zero = for nothing
	var held func(n *node) addr.Address
	held = func(n *node) addr.Address {
		if why[n.addr] != "" {
			return n.addr
		}
		if cause, known := waits[n.addr]; known {
			return cause
		}
		waits[n.addr] = addr.Address{}
		for _, a := range n.change.DependsOn {
			if why[a] != "" {
				waits[n.addr] = a
				break
			}
			if d := at[a]; d != nil {
				if cause := held(d); cause.Kind != "" {
					waits[n.addr] = cause
					break
				}
			}
		}
		return waits[n.addr]
	}
	for _, n := range p.order {
		if cause := held(n); cause.Kind != "" && cause != n.addr && n.change.Acts() {
			n.holdBack()
			if cause.Data {
				n.change.Held = fmt.Sprintf("%s: %s", cause, why[cause]) // no step of its own says so
			}
			p.warn(n.addr, "Held back", fmt.Sprintf("It depends on %s, a condition of which does not hold, and stays as it is.", cause))
		}
	}
}
