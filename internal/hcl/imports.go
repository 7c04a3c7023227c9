package hcl

import (
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
		case !declared:
			d.report(fault(i.Range, "Import without a block", "There is no %s to import into.%s Declare it first.", i.To, didYouMean(i.To.Block().String(), d.m.allAddresses())))
		}
		seen[i.To] = true
	}
}

// draftable reports whether a block could be written for the target as it is: one of the root module, and no instance of
// several.
func (i Import) draftable() bool { return i.To.Module == "" && i.To.Key == "" }
