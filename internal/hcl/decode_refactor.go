package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

func (d *decoder) removed(b *hclv2.Block) {
	t := d.read(&kind.Removed, b.Body)
	each := t.attrs["for_each"]
	from, ok := d.predecessor(t.attrs["from"])
	switch {
	case ok:
	case each != nil:
		from, ok = d.patternOf(t.attrs["from"])
	default:
		from, ok = d.address(t.attrs["from"], true)
	}
	if !ok {
		return
	}
	if from.IsModule() {
		d.removedModule(from, b.DefRange, t)
		return
	}
	if from.Data {
		d.report(fault(b.DefRange, "Nothing to remove", "Data blocks own no object at the service: delete the block, and the file if you like."))
		return
	}
	r := Removed{From: from, Range: b.DefRange}
	way := d.removal(&r, r.Kind(), t)
	r.SoakDays, r.WindowDays = way.Soak.Default, way.Window.Default
	d.days(t, "soak_days", way.Soak, &r.SoakDays,
		`soak_days is the time between disabling a key and scheduling its deletion; it needs action = "retire".`)
	r.WindowExplicit = t.attrs["window_days"] != nil
	d.days(t, "window_days", way.Window, &r.WindowDays,
		"window_days is how long a deletion can be taken back; it needs a key's retire or a secret's delete.")
	switch {
	case d.pattern:
	case each != nil:
		d.forEach(refactorEach{what: "A removed block", at: b.DefRange, forEach: each.Expr, address: t.attrs["from"], make: func(a addr.Address, _ []string) {
			one := r
			one.From = a
			d.config.Removed = append(d.config.Removed, one)
		}})
	default:
		d.config.Removed = append(d.config.Removed, r)
	}
}

// removedModule is a removed block for all that is in a module: it is forgotten. What else may be done depends on the kind.
func (d *decoder) removedModule(from addr.Address, at hclv2.Range, t table) {
	if action := t.text("action"); action != "forget" {
		d.report(fault(at, "Invalid action", `A module as a whole can be forgotten only: action = "forget". To retire its keys or to delete its secrets and aliases, write a removed block for each of them, such as from = %s.key.NAME.`, from))
		return
	}
	if !d.pattern {
		d.config.Removed = append(d.config.Removed, Removed{From: from, Action: "forget", Range: at})
	}
}

// removal reads the action of a removed block; the zero value is what is not known.
func (d *decoder) removal(r *Removed, k *kind.Kind, t table) (way kind.Removal) {
	var allowed []string
	for _, way := range k.Removals {
		allowed = append(allowed, way.Action)
	}
	a := t.attrs["action"]
	if a == nil {
		d.report(fault(r.Range, "Missing required argument", "A removed block needs an action. For %s: %s.", k.Name, quotedList(allowed)))
		return way
	}
	v, ok := t.static["action"]
	if !ok {
		return way
	}
	r.Action = v.AsString()
	if way := k.Removal(r.Action); way != nil {
		return *way
	}
	hint := didYouMean(r.Action, allowed)
	if way := k.Removal("retire"); way != nil && r.Action == "delete" {
		hint = ` A key is never deleted outright: "retire" disables it, waits, and then schedules its deletion.`
	}
	d.report(fault(a.Expr.Range(), "Invalid action", "%q is no way to remove a %s.%s Allowed: %s.", r.Action, k.Name, hint, quotedList(allowed)))
	return way
}

// days reads a number of days; unasked is the sentence for one that means nothing here.
func (d *decoder) days(t table, name string, allowed kind.Days, to *int, unasked string) {
	a := t.attrs[name]
	if a == nil {
		return
	}
	if !allowed.Asked() {
		d.report(fault(a.NameRange, "Unused argument", "%s", unasked))
		return
	}
	if _, ok := t.static[name]; ok {
		if n := t.number(name); n == nil || *n < allowed.Least || *n > allowed.Most {
			d.report(fault(a.Expr.Range(), "Invalid number of days", "%s is a whole number from %d to %d.", name, allowed.Least, allowed.Most))
		} else {
			*to = *n
		}
	}
}

// Kind is the table of what is removed: a predecessor is a key.
func (r Removed) Kind() *kind.Kind {
	switch {
	case r.From.IsPredecessor():
		return kind.Lookup("key", false)
	case isBatch(r.From):
		return kind.Batch()
	}
	return kind.Lookup(r.From.Kind, false)
}

func (d *decoder) moved(b *hclv2.Block) {
	t := d.read(&kind.Moved, b.Body)
	if d.movedGateway(b.DefRange, t) {
		return
	}
	from, okFrom := d.address(t.attrs["from"], true)
	to, okTo := d.address(t.attrs["to"], true)
	if !okFrom || !okTo {
		return
	}
	switch {
	case from == to:
		d.report(fault(b.DefRange, "Moved to itself", "from and to are both %s. Remove the block.", from))
	case from.IsModule() != to.IsModule():
		d.report(fault(b.DefRange, "Moved to another kind", "A moved block renames a module, an object or a data block: from and to are both modules or both not. %s cannot become %s.", from, to))
	case from.Kind != to.Kind || from.Data != to.Data:
		d.report(fault(b.DefRange, "Moved to another kind", "A moved block renames one object or data block: from and to are of one kind. %s cannot become %s.", from, to))
	default:
		if d.pattern {
			return
		}
		d.config.Moved = append(d.config.Moved, Moved{From: from, To: to, Range: b.DefRange})
	}
}

func (d *decoder) imported(b *hclv2.Block) {
	t := d.read(&kind.Import, b.Body)
	each, id := t.attrs["for_each"], t.attrs["id"]
	to, ok := addr.Address{}, false
	if each != nil {
		to, ok = d.patternOf(t.attrs["to"])
	} else {
		to, ok = d.address(t.attrs["to"], false)
	}
	if !ok || id == nil {
		return
	}
	if to.Data {
		d.report(fault(b.DefRange, "Nothing to import", "Data blocks own no object at the service, so there is nothing to import into %s.", to))
		return
	}
	if each != nil {
		d.importEach(b.DefRange, t)
		return
	}
	d.config.Imports = append(d.config.Imports, Import{To: to, Range: b.DefRange})
	at := len(d.config.Imports) - 1
	im := importID{at: at, expr: id.Expr}
	if a := t.attrs["take_over"]; a != nil {
		im.takeOver = a.Expr
	}
	d.m.importIDs = append(d.m.importIDs, im)
}

// importEach is an import block with for_each.
func (d *decoder) importEach(at hclv2.Range, t table) {
	exprs := []hclv2.Expression{t.attrs["id"].Expr, nil}
	if a := t.attrs["take_over"]; a != nil {
		exprs[1] = a.Expr
	}
	d.forEach(refactorEach{
		what: "An import block", at: at, forEach: t.attrs["for_each"].Expr, address: t.attrs["to"], exprs: exprs,
		wanted: "An import needs the id of the live object: a key id, an alias name or a secret's name.",
		make: func(a addr.Address, texts []string) {
			d.config.Imports = append(d.config.Imports, Import{To: a, ID: texts[0], TakeOver: texts[1], Range: at})
		},
	})
}

// importID is the id of an import block, evaluated once variables are known.
type importID struct {
	at       int // in Config.Imports
	expr     hclv2.Expression
	takeOver hclv2.Expression // nil when not written
}

// refactorings checks that removed, moved and import blocks fit the blocks that exist.
func (d *decoder) refactorings() {
	seen := map[addr.Address]bool{}
	for _, r := range d.config.Removed {
		if at, declared := d.m.declared(r.From); declared {
			d.report(fault(r.Range, "Removed block of a block that exists", "%s is still declared, at %s:%d. Delete that block, or this one.", r.From, at.Filename, at.Start.Line))
		}
		if seen[r.From] {
			d.report(fault(r.Range, "Duplicate removed block", "There is already a removed block for %s.", r.From))
		}
		seen[r.From] = true
	}
	targets := map[addr.Address]bool{}
	for _, m := range d.config.Moved {
		if _, declared := d.m.declared(m.From); declared {
			d.report(fault(m.Range, "Moved from a block that exists", "%s is still declared, so it cannot have moved to %s. Rename the block, or remove this one.", m.From, m.To))
		}
		if targets[m.From] {
			d.report(fault(m.Range, "Duplicate moved block", "There is already a moved block from %s.", m.From))
		}
		targets[m.From] = true
	}
	d.movedGateways()
	d.importTargets()
}

func quotedList(words []string) string {
	text := ""
	for i, w := range words {
		if i > 0 {
			text += ", "
		}
		text += `"` + w + `"`
	}
	return text
}
