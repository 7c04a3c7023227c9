package plan

import (
	"path"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// followKeys makes files stale whose key this plan gives a successor, or whose alias it points at another key: whoever
// looked at them saw the keys as they are before. What is decrypted from such a file goes with it.
func (p *planner) followKeys() {
	moved := map[string]bool{} // files that are written anew for it
	p.in.Files = slices.Clone(p.in.Files)
	for i := range p.in.Files {
		f := &p.in.Files[i]
		if f.Addr.Kind == "decrypt" || !p.targeted(f.Addr) {
			continue
		}
		body, diags := p.in.Config.Body(f.Addr, p.objects)
		if !diags.HasErrors() && p.keyMoves(f.Addr, body) {
			f.KeyChanged, moved[path.Clean(f.Path)] = true, f.Addr.Kind == "encrypt"
		}
	}
	for i := range p.in.Files {
		if f := &p.in.Files[i]; f.Addr.Kind == "decrypt" && moved[path.Clean(f.Source)] {
			f.SourceChanged = true
		}
	}
}

// keyMoves reports whether the key that a data block names is another one after this plan.
func (p *planner) keyMoves(a addr.Address, body hcl.Body) bool {
	key, written := body.Attrs["key"]
	if !written || key == cty.NilVal {
		return false
	}
	key, _ = key.Unmark()
	return slices.ContainsFunc(p.in.Config.DependsOn(a), func(d addr.Address) bool {
		n := p.nodes[d]
		switch {
		case n == nil || n.refused:
			return false
		case n.change.Action == Succeed:
			return !key.IsKnown()
		}
		return n.change.Kind == KindAlias && n.change.Needs("UpdateAlias") && n.change.diffs("key") && text(key) == text(n.body.Attrs["name"])
	})
}
