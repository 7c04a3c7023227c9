package draft

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Known are the addresses of the objects that have one, by kind and id.
type Known map[string]map[string]addr.Address

// Set makes an object known.
func (k Known) Set(kind, id string, a addr.Address) {
	if k[kind] == nil {
		k[kind] = map[string]addr.Address{}
	}
	k[kind][id] = a
}

// UnwritableError says that an object cannot be declared: what its kind requires cannot be written.
type UnwritableError struct {
	Attribute string
	Why       error
}

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("its %s cannot be written: %v", e.Attribute, e.Why)
}

// Draw writes the block that declares a live object as it is: what the service would give any new object is left out, ids
// of objects that are known are references, and what the language cannot have is left to a comment. Errors:
// UnwritableError.
func Draw(a addr.Address, o *plan.Object, where Place, known Known) (Block, error) {
	k := kind.Lookup(o.Kind, false)
	d := &drawing{Block: Block{Type: o.Kind, Labels: []string{a.Name}}, kind: k, values: kind.Values{Attrs: map[string]cty.Value{}, NoInstance: text(o.Attrs["instance"]) == ""}}
	if where.Gateway != "" {
		d.Set("gateway", Reference("gateway", where.Gateway))
	}
	for i := range k.Attributes {
		at := &k.Attributes[i]
		if at.Mode == kind.Computed || at.WriteOnly || at.Mode != kind.Required && usual(k, at, o, where) {
			continue
		}
		if err := d.draw(at, o.Attrs[at.Name], known); err != nil && at.Mode == kind.Required {
			return d.Block, &UnwritableError{at.Name, err}
		} else if err != nil {
			d.leave(at.Name, err)
		}
	}
	d.keepRules()
	return d.Block, nil
}

// drawing is one block in the making.
type drawing struct {
	Block
	kind   *kind.Kind
	values kind.Values
}

// draw adds an argument, or says why it cannot.
func (d *drawing) draw(at *kind.Attribute, v cty.Value, known Known) error {
	if v == cty.NilVal {
		v = cty.NullVal(at.Type)
	}
	if at.Check != nil && !v.IsNull() {
		if err := at.Check(v); err != nil {
			return err
		}
	}
	e, err := expression(at, v, known)
	if err != nil {
		return err
	}
	d.Set(at.Name, e)
	d.values.Attrs[at.Name] = v
	return nil
}

// keepRules takes out what does not go together by the kind's rules: an account has objects from before them.
func (d *drawing) keepRules() {
	for range d.kind.Attributes {
		broken := false
		for _, r := range d.kind.Rules {
			if r.Check == nil || r.Severity != kind.Refused {
				continue
			}
			name, err := r.Check(d.values)
			if _, written := d.values.Attrs[name]; err == nil || !written {
				continue
			}
			broken = true
			delete(d.values.Attrs, name)
			d.Args = slices.DeleteFunc(d.Args, func(a Argument) bool { return a.Name == name })
			d.leave(name, err)
		}
		if !broken {
			return
		}
	}
}

func (d *drawing) leave(name string, why error) {
	d.Comment("%s is not managed: %s", name, strings.Join(strings.Fields(why.Error()), " "))
}

// expression is a value as its attribute has it: a reference where the object is known, a policy as an object.
func expression(at *kind.Attribute, v cty.Value, known Known) (Expr, error) {
	switch {
	case v.IsNull():
		return Null, nil
	case slices.Contains(at.Refers, plan.KindKey+".id") && v.Type() == cty.String:
		return known.refer(plan.KindKey, v.AsString())
	case slices.Contains(at.Refers, plan.KindKey+".id") && v.Type().IsSetType():
		return known.referAll(plan.KindKey, v)
	case slices.Contains(at.Refers, plan.KindNetworkRule+".name"):
		return known.referNames(plan.KindNetworkRule, v)
	case slices.Contains(at.Refers, plan.KindAccessPolicy+".name"):
		return known.referNames(plan.KindAccessPolicy, v)
	case at.Name == "policy":
		return Policy(v.AsString())
	}
	return Literal(v)
}

// referred is the address by which an expression refers to an object: it has none in a module that is called, and a
// predecessor has none at all.
func (k Known) referred(kind, id string) (a addr.Address, ok bool) {
	a, ok = k[kind][id]
	return a, ok && a.Module == "" && !a.IsPredecessor()
}

func (k Known) refer(kind, id string) (Expr, error) {
	if a, ok := k.referred(kind, id); ok {
		return Reference(a.String(), map[bool]string{true: "name", false: "id"}[kind == plan.KindSecret]), nil
	}
	return Text(id)
}

func (k Known) referAll(kind string, ids cty.Value) (Expr, error) {
	var out []Expr
	for _, v := range ids.AsValueSlice() {
		e, err := k.refer(kind, v.AsString())
		if err != nil {
			return "", err
		}
		out = append(out, e)
	}
	slices.Sort(out)
	return ListOf(out), nil
}

// referNames refers to objects by the names that others know them by.
func (k Known) referNames(kind string, names cty.Value) (Expr, error) {
	out := []Expr{}
	for _, v := range names.AsValueSlice() {
		e, err := Text(v.AsString())
		if err != nil {
			return "", err
		}
		if a, ok := k.referred(kind, v.AsString()); ok {
			e = Reference(a.String(), "name")
		}
		out = append(out, e)
	}
	slices.Sort(out)
	return ListOf(out), nil
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
