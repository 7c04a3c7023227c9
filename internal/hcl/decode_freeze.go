package hcl

import (
	"strings"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// freeze decodes a time in which nothing changes.
func (d *decoder) freeze(b *hclv2.Block) {
	t := d.read(kind.Settings.Block("freeze"), b.Body)
	f := Freeze{From: t.moment("from"), Until: t.moment("until"), Reason: t.text("reason"), Range: b.DefRange}
	if !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until) {
		d.report(fault(t.attrs["until"].Expr.Range(), "Invalid until", "A freeze ends after it begins: until is the first moment in which changes may be made again."))
	}
	if v, ok := t.static["except"]; ok {
		for _, e := range v.AsValueSlice() {
			if e.IsNull() || !exceptable(e.AsString()) {
				d.report(fault(t.attrs["except"].Expr.Range(), "Invalid except", `An exception is the address of a managed block or of one instance of it, where * stands for any name: "secret.db", "alias.*".`))
				continue
			}
			f.Except = append(f.Except, e.AsString())
		}
	}
	d.config.Settings.Freezes = append(d.config.Settings.Freezes, f)
}

// exceptable reports whether a text names managed objects. A star is as good as a name.
func exceptable(text string) bool {
	a, err := addr.Parse(strings.ReplaceAll(text, "*", "x"))
	return err == nil && !a.Data
}

// moment is a static point in time, zero where there is none that is right.
func (t table) moment(name string) time.Time {
	at, _ := time.Parse(time.RFC3339, t.text(name))
	return at
}
