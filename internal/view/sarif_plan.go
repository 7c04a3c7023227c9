package view

import hclv2 "github.com/hashicorp/hcl/v2"

// The rules under which a plan's warnings are results.
const (
	sarifDrift   = "drift"
	sarifWaiting = "waits-for-deletion"
	sarifRadius  = "blast-radius"
	sarifWarning = "plan-warning"
)

// plan adds what a plan, or a look at drift, warns of.
func (b *sarifBuilder) plan() {
	add := func(id, title, level, text, address string) {
		rule := sarifRule{ID: id, Short: sarifText{Text: title}, Configuration: sarifLevel{level}}
		b.add(rule, level, text, address, address, hclv2.Range{}, "")
	}
	drift, dying := b.told.drifted()
	for _, d := range drift {
		add(sarifDrift, "Changed outside of kmsplan", "warning", driftTitle(d)+". "+driftText(d), d.Addr.String())
	}
	for _, k := range dying {
		add(sarifWaiting, "Key that waits for deletion", "error", b.told.dyingTitle(k)+".", dyingName(k))
	}
	if b.told.plan == nil {
		return
	}
	for _, x := range b.told.plan.Radius {
		add(sarifRadius, "What stops working", "warning", RadiusSentence(x), x.Addr.String())
	}
	for _, w := range b.told.plan.Warnings {
		add(sarifWarning, "Warning of a plan", "warning", w.Summary+": "+w.Detail, addressOrEmpty(w.Addr))
	}
}
