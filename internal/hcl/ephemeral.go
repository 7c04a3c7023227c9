package hcl

import (
	"cmp"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Source marks a value of an ephemeral block with where it comes from, whatever way it takes into an argument.
type Source struct {
	Addr addr.Address
	// Version is what the value is of, such as hangzhou/legacy/db@v3; "" where that is not known yet.
	Version string
}

func (d *decoder) ephemeral(b *hclv2.Block) {
	k := kind.Ephemeral(b.Labels[0])
	if k == nil {
		d.report(fault(b.LabelRanges[0], "Unknown ephemeral block", "There is no ephemeral block of type %q.%s Ephemeral blocks are %s.",
			b.Labels[0], didYouMean(b.Labels[0], kind.EphemeralKinds()), quotedList(kind.EphemeralKinds())))
		return
	}
	d.object(b, k, addr.EphemeralBlock(k.Name, b.Labels[1]))
}

// Handed is a value that is only handed on.
func Handed(v cty.Value) cty.Value {
	if safety.Off(safety.HandedOn) {
		return v
	}
	return v.Mark(Sensitive).Mark(Ephemeral)
}

// unknownObject is what is known of an object when nothing is.
func unknownObject(k *kind.Kind) cty.Value {
	if !k.Ephemeral {
		return cty.UnknownVal(k.ObjectType())
	}
	values := map[string]cty.Value{}
	for i := range k.Attributes {
		a := &k.Attributes[i]
		values[a.Name] = cty.UnknownVal(a.Type)
		if a.Opened {
			values[a.Name] = Handed(values[a.Name])
		}
	}
	return cty.ObjectVal(values)
}

// sourcesIn are the ephemeral blocks that marks tell of, each once, sorted.
func sourcesIn(marks cty.ValueMarks) (list []Source) {
	for m := range marks {
		if from, ok := m.(Source); ok {
			list = append(list, from)
		}
	}
	slices.SortFunc(list, func(a, b Source) int { return cmp.Or(addr.Compare(a.Addr, b.Addr), cmp.Compare(a.Version, b.Version)) })
	return list
}

func (b *Body) from(name string, list []Source) {
	if b.From == nil {
		b.From = map[string][]Source{}
	}
	b.From[name] = list
}
