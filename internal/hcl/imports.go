package hcl

import (
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
)

// ImportAt is an import as the command line gives it: like an import block, but for the place.
func ImportAt(to addr.Address, id, takeOver string) Import {
	return Import{To: to, ID: id, TakeOver: takeOver}
}

// importTargets checks that import blocks fit the blocks that exist. What is imported without a block for it is kept
// apart where the caller wants to write such blocks.
func (d *decoder) importTargets() {
	seen := map[addr.Address]bool{}
	for _, i := range d.config.Imports {
		switch _, declared := d.m.declared(i.To); {
		case seen[i.To] && i.Range == (hclv2.Range{}):
			// said again on the command line: the planner holds both against what the address has
		case seen[i.To]:
			d.report(fault(i.Range, "Duplicate import", "Two import blocks import into %s. Remove one.", i.To))
		case !declared && d.m.in.Undeclared && i.draftable():
			d.config.Undeclared = append(d.config.Undeclared, i.To)
		case !declared && d.m.in.Undeclared && i.To.Module != "":
			d.report(fault(i.Range, "Import without a block", "There is no %s to import into, and blocks are generated for the root module only: what a module declares is the same in all of its instances. Declare it in the directory of %s; `kmsplan discover` shows the block that the object has in the root module.", i.To, i.To.Module))
		case !declared && d.m.in.Undeclared:
			d.report(fault(i.Range, "Import without a block", "There is no %s to import into, and no block is generated for an instance of several, which would have to be alike. Write %s %q { for_each = … } yourself; or import each into a block of its own, such as %s, and generate those.", i.To, i.To.Kind, i.To.Name, exampleOf(i.To)))
		case !declared:
			d.report(fault(i.Range, "Import without a block", "There is no %s to import into.%s Declare it first.", i.To, didYouMean(i.To.Block().String(), d.m.allAddresses())))
		}
		seen[i.To] = true
	}
}

// exampleOf is an address for the object of an instance in a block of its own.
func exampleOf(a addr.Address) addr.Address {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, a.Key)
	return addr.Resource(a.Kind, a.Name+"_"+name)
}

// draftable reports whether a block could be written for the target as it is: one of the root module, and no instance of
// several.
func (i Import) draftable() bool { return i.To.Module == "" && i.To.Key == "" }
