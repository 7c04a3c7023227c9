package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// Lookup is a data block that reads live objects, as a plan has it.
type Lookup struct {
	Addr    addr.Address
	Gateway string
	// Deferred says why it is read during apply only; "" = it was read for the plan.
	Deferred  string
	Arguments map[string]cty.Value // as far as they are known
	Value     cty.Value            // of an object of its kind's type, unknown where it is deferred
	DependsOn []addr.Address
	// Users are the instances whose values come from it, directly or through others.
	Users []addr.Address
}

// lookup is one while it is planned.
type lookup struct {
	Lookup
	block *hcl.Block
	body  hcl.Body
	err   error // why there is no answer
}

// Action is what apply does about it.
func (l *Lookup) Action() Action {
	if l.Deferred == "" {
		return NoOp
	}
	return Read
}

// Unanswered are the questions that a plan from this input asks and in.Live has no answer to, each once, and the
// lookups that are read during apply only. It is called until there is no question left: an answer may lead to the next.
func Unanswered(in Input) (asks []Ask, deferred map[addr.Address]bool) {
	p := newPlanner(in)
	p.evaluate()
	return p.asks, p.deferred
}

// HasLookups reports whether the configuration looks anything up.
func HasLookups(cfg *hcl.Config) bool {
	return slices.ContainsFunc(cfg.Blocks, func(b *hcl.Block) bool { return b.Kind.Looks() })
}

// lookUp takes the answer to one lookup, asks for it, or puts it off until what it depends on is done.
func (p *planner) lookUp(block *hcl.Block, a addr.Address) {
	body, diags := p.in.Config.Body(a, p.objects)
	p.diags = append(p.diags, diags...)
	if diags.HasErrors() {
		return
	}
	l := lookup{
		Lookup: Lookup{Addr: a, Gateway: block.GatewayName(), Arguments: knownOnly(body.Attrs), DependsOn: p.in.Config.DependsOn(a)},
		block:  block, body: body,
	}
	ask, unknown := AskOf(l.Gateway, block.Kind, body.Attrs)
	answer, answered := p.in.Live.Answers[ask.Question]
	switch by := p.moves(l.DependsOn); {
	case unknown != "":
		l.Deferred = unknown + " is known after apply"
	case by.Kind != "":
		l.Deferred = fmt.Sprintf("it comes after %s", by)
	case p.in.Live.Gateways[l.Gateway] == nil:
		p.objects.Set(a, Handed(block, a, lookupValue(block.Kind, body.Attrs, nil), false))
		return // a narrower plan that is not about it
	case !answered:
		p.ask(ask)
		p.objects.Set(a, Handed(block, a, lookupValue(block.Kind, body.Attrs, nil), false))
		return
	default:
		l.err = answer.Err
	}
	if l.Deferred == "" && l.err == nil {
		l.Value = ask.Value(block.Kind, &answer)
	} else {
		l.Value, p.deferred[a] = lookupValue(block.Kind, body.Attrs, nil), l.err == nil
	}
	p.objects.Set(a, Handed(block, a, l.Value, false))
	l.Value = withoutOpened(block, l.Value)
	p.lookups = append(p.lookups, l)
}

func (p *planner) ask(ask Ask) {
	if !slices.ContainsFunc(p.asks, func(o Ask) bool { return o.Question == ask.Question }) {
		p.asks = append(p.asks, ask)
	}
}

// moves is the first of some instances that this plan does something about, or the zero address.
func (p *planner) moves(on []addr.Address) addr.Address {
	for _, d := range on {
		n := p.nodes[d]
		switch {
		case n != nil && (n.change.Action == Create || len(n.change.Calls) > 0), p.deferred[d]:
			return d
		case d.Data && p.stale[d] && p.targeted(d):
			return d
		}
	}
	return addr.Address{}
}

func knownOnly(attrs map[string]cty.Value) map[string]cty.Value {
	out := make(map[string]cty.Value, len(attrs))
	for name, v := range attrs {
		if v.IsWhollyKnown() {
			out[name] = v
		}
	}
	return out
}

// LookupFailed says that a lookup has no answer, where what it names is written.
func LookupFailed(block *hcl.Block, body hcl.Body, a addr.Address, err error) hclv2.Diagnostics {
	d := &hclv2.Diagnostic{
		Severity: hclv2.DiagError, Summary: "Lookup failed", Subject: block.Range.Ptr(),
		Detail: fmt.Sprintf("%s could not be read through gateway %q: %s. Nothing is concluded from that about what is there.", a, block.GatewayName(), strings.TrimSuffix(err.Error(), ".")),
	}
	var nothing *NothingFound
	if errors.As(err, &nothing) {
		d.Summary = "Nothing found"
		d.Detail = fmt.Sprintf("%s finds nothing. %s Correct what it names, or its gateway. What this stack makes itself is best referred to, such as key.NAME.id.", a, nothing.What)
		if at, written := body.Ranges[nothing.Argument]; written {
			d.Subject = at.Ptr()
		}
	}
	return hclv2.Diagnostics{d}
}

// LookupWarned notes with a check that one of its lookups has no answer.
func LookupWarned(checks []Checked, block *hcl.Block, body hcl.Body, a addr.Address, err error) {
	of := addr.Address{Module: a.Module, Kind: hcl.CheckKind, Name: a.Check}
	for i := range checks {
		c := &checks[i]
		if c.Addr != of {
			continue
		}
		if Worse(Failed, c.Status) {
			c.Status = Failed
		}
		for _, d := range LookupFailed(block, body, a, err) {
			c.Problems = append(c.Problems, Problem{ofLookup, d.Detail, *d.Subject})
		}
	}
}

// planLookups puts the lookups of the scope into the plan.
func (p *planner) planLookups() {
	users := p.usersOfLookups()
	for _, l := range p.lookups {
		switch {
		case !p.wanted[l.Addr] && !p.targeted(l.Addr):
		case l.err != nil && l.Addr.Check != "": // the check says so
		case l.err != nil:
			p.diags = append(p.diags, LookupFailed(l.block, l.body, l.Addr, l.err)...)
		default:
			l.Users = users[l.Addr]
			p.plan.Lookups = append(p.plan.Lookups, l.Lookup)
		}
	}
}

// usersOfLookups are the instances whose values come from each lookup, directly or through others.
func (p *planner) usersOfLookups() map[addr.Address][]addr.Address {
	users := map[addr.Address][]addr.Address{}
	if len(p.lookups) == 0 {
		return users
	}
	from := map[addr.Address][]addr.Address{} // the lookups behind an instance; blocks are in dependency order
	looks := make(map[addr.Address]bool, len(p.lookups))
	for _, l := range p.lookups {
		looks[l.Addr] = true
	}
	for _, block := range p.in.Config.Blocks {
		for _, a := range block.Instances {
			for _, d := range p.in.Config.DependsOn(a) {
				if looks[d] {
					from[a] = append(from[a], d)
				}
				from[a] = append(from[a], from[d]...)
			}
			slices.SortFunc(from[a], addr.Compare)
			from[a] = slices.Compact(from[a])
			for _, l := range from[a] {
				users[l] = append(users[l], a)
			}
		}
	}
	return users
}

// rememberLookups makes the answers visible to what is evaluated beside a plan; what is put off until apply is not
// known to it.
func rememberLookups(cfg *hcl.Config, live Live, to *hcl.ObjectMap) {
	if len(live.Answers) == 0 {
		return
	}
	for _, block := range cfg.Blocks {
		if !block.Kind.Looks() {
			continue
		}
		for _, a := range block.Instances {
			body, diags := cfg.Body(a, to)
			if diags.HasErrors() || live.Deferred[a] {
				continue
			}
			ask, unknown := AskOf(block.GatewayName(), block.Kind, body.Attrs)
			if answer, ok := live.Answers[ask.Question]; ok && unknown == "" && answer.Err == nil {
				to.Set(a, Handed(block, a, ask.Value(block.Kind, &answer), false))
			}
		}
	}
}
