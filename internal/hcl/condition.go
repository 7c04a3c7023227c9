package hcl

import (
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// The kinds of what has conditions and is no block of a kind; with a name they make an address.
const (
	OutputKind = "output"
	CheckKind  = "check"
)

// The names of conditions, as they are written.
const (
	Precondition  = "precondition"
	Postcondition = "postcondition"
	Assertion     = "assert"
)

// Status is what a condition says.
type Status string

// What conditions say, in Terraform's words.
const (
	Passed    Status = "pass"
	Failed    Status = "fail"
	Errored   Status = "error"   // it cannot be evaluated
	Undecided Status = "unknown" // it depends on what is not known yet
)

// Verdict is what one condition says.
type Verdict struct {
	Condition string // Precondition, Postcondition or Assertion
	Status    Status
	Message   string // why it does not hold; no sensitive value is in it
	Range     hclv2.Range
}

// condition is one precondition, postcondition or assertion, parsed.
type condition struct {
	word          string
	expr, message hclv2.Expression
	refs          []reference
	rng           hclv2.Range // of the block's header
}

// check is one check block, parsed.
type check struct {
	node
	addr    addr.Address
	asserts []*condition
}

// conditions decodes the blocks of a kind of condition.
func (d *decoder) conditions(decl *kind.Block, blocks []*hclv2.Block, word string) (list []*condition) {
	for _, b := range blocks {
		if b.Type != word {
			continue
		}
		attrs := d.read(decl.Block(word), b.Body).attrs
		if expr, message := attrs["condition"], attrs["error_message"]; expr != nil && message != nil {
			list = append(list, &condition{word: word, expr: expr.Expr, message: message.Expr, rng: b.DefRange})
		}
	}
	return list
}

func (d *decoder) check(b *hclv2.Block) {
	name := b.Labels[0]
	if prior := d.m.checks[name]; prior != nil {
		d.report(duplicate(b.DefRange, "check", name, prior.rng))
		return
	}
	a := addr.Address{Module: d.m.path, Kind: CheckKind, Name: name}
	c := &check{node: node{m: d.m, name: a.String(), rng: b.DefRange}, addr: a}
	d.m.checks[name] = c
	d.m.checkOrder = append(d.m.checkOrder, c)
	blocks := d.read(&kind.Check, b.Body).blocks
	c.asserts = d.conditions(&kind.Check, blocks, Assertion)
	asserted := false
	for _, inner := range blocks {
		if asserted = asserted || inner.Type == Assertion; inner.Type == "data" {
			d.scoped(name, inner)
		}
	}
	if !asserted {
		d.report(fault(b.DefRange, "Check without assertion", "A check block holds at least one assert block: assert { condition = … error_message = \"…\" }."))
	}
}

// resolve finds what a condition refers to.
func (c *condition) resolve(n *node, find finding, allowed names) {
	c.refs = append(find(n, c.expr, allowed), find(n, c.message, allowed)...)
}

// resolveConditions finds what the conditions of a block refer to. What names the block itself is taken out and
// reported, so that it is no cycle.
func (b *block) resolveConditions(find finding) (diags hclv2.Diagnostics) {
	for _, c := range b.conditions() {
		allowed := b.own()
		way := "A precondition is checked before %s is there, so it cannot refer to it. Write a postcondition, which knows it as self."
		if c.word == Postcondition {
			allowed.self = b
			way = "In its own postcondition %s is called self."
		}
		c.resolve(&b.node, find, allowed)
		var others []reference
		for _, r := range c.refs {
			if r.block == b && r.root != "self" {
				b.broken = true
				diags = append(diags, fault(r.rng, "Invalid reference", way, b.local()))
				continue
			}
			others = append(others, r)
		}
		c.refs = others
		b.conditionRefs = append(b.conditionRefs, others...)
	}
	return diags
}

// conditions are all of a block.
func (b *block) conditions() []*condition {
	return append(append([]*condition(nil), b.pre...), b.post...)
}

// self takes a reference to the instance whose postcondition it stands in.
func (f *finder) self(t hclv2.Traversal) {
	b := f.allowed.self
	if b == nil {
		f.refuse(fault(t.SourceRange(), "Invalid reference", "self is known only in a postcondition: it is the object that the block declares."))
		return
	}
	if name, ok := attrStep(t, 1); ok {
		if bad := attributeExists(b, name, t[1].SourceRange()); bad != nil {
			f.refuse(bad)
			return
		}
	}
	f.add(reference{root: "self", rng: t.SourceRange()})
}

// Conditioned lists the outputs and checks of all modules that have conditions, by their addresses, in source order.
func (c *Config) Conditioned() (list []addr.Address) {
	if c.Destroys {
		return nil // what conditions are about goes
	}
	for _, m := range c.module.modules {
		for _, o := range m.outputOrder {
			if len(o.pre) > 0 {
				list = append(list, o.addr())
			}
		}
		for _, k := range m.checkOrder {
			list = append(list, k.addr)
		}
	}
	return list
}

// HasConditions reports whether the instance of a block has conditions of its own.
func (c *Config) HasConditions(a addr.Address) bool {
	b := c.module.all[a.Block()]
	return b != nil && len(b.pre)+len(b.post) > 0 && !c.Destroys
}

// Promises are the outputs of called modules, with preconditions, that the values of a block's instance or of an output
// of the root module come through: where one does not hold, they are not to be used.
func (c *Config) Promises(a addr.Address) (list []addr.Address) {
	var promises []*output
	if b := c.module.all[a.Block()]; b != nil {
		promises = b.promises
	} else if o := c.module.outputs[a.Name]; o != nil && a.Kind == OutputKind && a.Module == "" {
		promises = o.promises
	}
	for _, o := range promises {
		list = append(list, o.addr())
	}
	return list
}

// Verdicts evaluates conditions, those of the given names, of a block's instance, an output or a check, with what
// objects knows.
func (c *Config) Verdicts(a addr.Address, objects Objects, words ...string) []Verdict {
	b := c.module.all[a.Block()]
	switch {
	case c.Destroys:
		return nil
	case b == nil:
		return c.module.at(a.Module).verdictsOf(a, objects)
	case b.byKey[a.Key] == nil:
		return nil
	}
	s := session{m: b.m, objects: objects}
	list := slices.DeleteFunc(b.conditions(), func(c *condition) bool { return !slices.Contains(words, c.word) })
	if len(list) == 0 {
		return nil
	}
	ctx := s.scope(b.conditionRefs, b.byKey[a.Key], &b.repeated).NewChild()
	ctx.Variables = map[string]cty.Value{"self": s.object(b, a)}
	return s.verdicts(list, ctx)
}

// verdictsOf evaluates the conditions of an output or a check.
func (m *module) verdictsOf(a addr.Address, objects Objects) []Verdict {
	if m == nil {
		return nil
	}
	s := session{m: m, objects: objects}
	if o := m.outputs[a.Name]; o != nil && a.Kind == OutputKind {
		return s.verdicts(o.pre, s.scope(o.refs, nil, nil))
	}
	if k := m.checks[a.Name]; k != nil && a.Kind == CheckKind {
		return s.verdicts(k.asserts, s.scope(k.refs, nil, nil))
	}
	return nil
}

// at is the module instance of a path, or nil.
func (t *tree) at(path addr.Module) *module {
	for _, m := range t.modules {
		if m.path == path {
			return m
		}
	}
	return nil
}

func (s session) verdicts(list []*condition, ctx *hclv2.EvalContext) []Verdict {
	out := make([]Verdict, len(list))
	for i, c := range list {
		out[i] = c.verdict(ctx)
	}
	return out
}

func (c *condition) verdict(ctx *hclv2.EvalContext) Verdict {
	v := Verdict{Condition: c.word, Status: Errored, Range: c.expr.Range()}
	raw, diags := value(c.expr, ctx, secretive(c.refs))
	if diags.HasErrors() {
		v.Message = reasonOf(diags, "The condition cannot be evaluated")
		return v
	}
	raw, _ = raw.UnmarkDeep()
	holds, err := convert.Convert(raw, cty.Bool)
	switch {
	case err != nil:
		v.Message = "The condition is neither true nor false: " + err.Error() + "."
	case holds.IsNull():
		v.Message = "The condition is null, and it has to be true or false."
	case !holds.IsKnown():
		v.Status = Undecided
	case holds.True():
		v.Status = Passed
	default:
		v.Status, v.Message = Failed, c.text(ctx)
	}
	return v
}

// text is the error_message, as far as it may be shown.
func (c *condition) text(ctx *hclv2.EvalContext) string {
	const bare = "The condition does not hold. "
	raw, diags := value(c.message, ctx, secretive(c.refs))
	if diags.HasErrors() {
		return bare + reasonOf(diags, "Its error_message cannot be evaluated")
	}
	message, marks := raw.UnmarkDeep()
	message, err := convert.Convert(message, cty.String)
	switch {
	case secret(marks) && !safety.Off(safety.SecretCondition):
		return bare + "(The error_message holds a sensitive value and is not shown.)"
	case err != nil:
		return bare + "(The error_message is no text.)"
	case !message.IsKnown():
		return bare + "(The error_message is known after apply only.)"
	case message.IsNull():
		return strings.TrimSpace(bare)
	}
	return strings.TrimSpace(message.AsString())
}

func reasonOf(diags hclv2.Diagnostics, what string) string {
	for _, d := range diags {
		if d.Severity == hclv2.DiagError {
			return what + ": " + d.Summary + ". " + d.Detail
		}
	}
	return what + "."
}
