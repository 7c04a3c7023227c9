package view

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/plan"
)

// planMarkdown is a plan for a comment: what is to be feared first, then what waits, then the whole of it to unfold.
func (t *Told) planMarkdown(d *mdDoc, p *plan.Plan) {
	d.add("### kmsplan plan: %s in %s\n\n", planHeadline(p), mdCode(cmp.Or(t.About.Stack, ".")))
	if line := fileSummary(p.Files); line != "" {
		d.add("%s\n\n", line)
	}
	before := d.left
	t.refusalsMarkdown(d)
	for _, x := range p.Radius {
		d.add("- 🛑 **Blast radius**: %s\n", mdText(RadiusSentence(x)))
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; loudly(c) {
			d.add("- %s %s %s%s\n", glyph(c), mdCode(c.Addr.String()), headline(*c), mdReason(c))
		}
	}
	dyingMarkdown(d, p.Dying, p.Created)
	for _, f := range p.Unusable() {
		d.add("- ⚠️ %s: %s\n", mdCode(f.Addr.String()), mdText(f.Problem))
	}
	if d.left < before {
		d.add("\n")
	}
	driftFold(d, p.Drift, p.Created, false)
	if lines := planLines(p); len(lines) > 0 {
		d.fold("Plan", "diff", lines, len(lines) <= 40)
	}
	t.warningsMarkdown(d, p)
}

// planHeadline is the plan in a few words, those that pipelines know.
func planHeadline(p *plan.Plan) string {
	switch {
	case p.Refused():
		return "refused"
	case len(p.Held()) > 0:
		return "conditions do not hold"
	case !p.Differs():
		return "no changes"
	case p.Empty():
		return "nothing that apply can do"
	}
	return strings.TrimSuffix(strings.TrimPrefix(SummaryLine(p), "Plan: "), ".")
}

// loudly reports whether a change is told of before the plan is unfolded: what takes something away, or saves it.
func loudly(c *plan.Change) bool {
	return c.Action.Destructive() || c.Action == plan.Forget || c.Action == plan.Rescue || c.Action == plan.Succeed || c.Needs("DisableKey")
}

func glyph(c *plan.Change) string {
	switch {
	case c.Action == plan.Rescue:
		return "🛟"
	case goes(*c):
		return "🗑️"
	}
	return "⚠️"
}

func mdReason(c *plan.Change) string {
	if c.Reason == "" {
		return ""
	}
	return " (" + mdText(c.Reason) + ")"
}

// dyingName is a key by its block, or by its id where no block declares it.
func dyingName(k plan.DyingKey) string {
	if k.Addr.Kind == "" {
		return k.ID
	}
	return k.Addr.String()
}

// dyingWhen says when a key goes, seen from the time of the look at the service. One whose window has ended is there
// until KMS deletes it.
func dyingWhen(k plan.DyingKey, now time.Time) string {
	day := k.DeleteAt.UTC().Format(time.DateOnly)
	switch {
	case k.DeleteAt.IsZero():
		return ", and the service gives no date"
	case !k.DeleteAt.After(now):
		return ": its window ended on " + day + ", and a rescue succeeds only until KMS deletes it"
	}
	return " on " + day
}

func (t *Told) warningsMarkdown(d *mdDoc, p *plan.Plan) {
	var lines []string
	for _, w := range p.Warnings {
		line := w.Summary
		if w.Addr.Kind != "" {
			line = w.Addr.String() + ": " + line
		}
		lines = append(lines, oneLine(line+". "+w.Detail))
	}
	for _, c := range p.Checks {
		for _, problem := range c.Problems {
			if c.Soft() {
				lines = append(lines, oneLine(fmt.Sprintf("%s: %s (%s:%d). %s", c.Addr, c.Title(problem), t.file(problem.Range.Filename), problem.Range.Start.Line, problem.Message)))
			}
		}
	}
	if len(lines) > 0 {
		d.fold(plural(len(lines), "warning"), "text", lines, false)
	}
}

// oneLine is a text on one line, with nothing that a terminal obeys.
func oneLine(s string) string { return strings.Join(strings.Fields(neutral(s)), " ") }

// planLines are what will be done, as people see it, with the signs where a diff has them.
func planLines(p *plan.Plan) []string {
	var b bytes.Buffer
	r := planText{w: &b, width: 120, now: p.Created}
	r.lookedUp(p.Lookups)
	r.changes(p)
	r.movedBlocks(p)
	r.movedGateways(p.MovedGateways)
	r.outputs(p.Outputs)
	return diffLines(b.String())
}

func dyingMarkdown(d *mdDoc, keys []plan.DyingKey, now time.Time) {
	for _, k := range keys {
		d.add("- ⏳ %s waits for deletion%s\n", mdCode(dyingName(k)), dyingWhen(k, now))
	}
}

// driftFold is what changed outside, to unfold.
func driftFold(d *mdDoc, drift []plan.Drift, at time.Time, open bool) {
	var b bytes.Buffer
	planText{w: &b, width: 120, now: at}.drift(drift)
	if lines := diffLines(b.String()); len(lines) > 0 {
		d.fold("Changed outside of kmsplan: "+plural(len(drift), "object"), "diff", lines, open)
	}
}

// driftMarkdown is the report of drift for a comment.
func (t *Told) driftMarkdown(d *mdDoc, drifts plan.Drifts) {
	headline := "no drift"
	if n := driftCounts(drifts); len(drifts.Drift) > 0 {
		headline = fmt.Sprintf("%d changed, %d deleted", n["changed"], n["deleted"])
	}
	d.add("### kmsplan drift: %s in %s\n\n", headline, mdCode(cmp.Or(t.About.Stack, ".")))
	dyingMarkdown(d, drifts.Dying, drifts.At)
	d.add("\n")
	driftFold(d, drifts.Drift, drifts.At, true)
}

// sign is the sign of a change behind its indent.
var sign = pattern.New(`^( +)([-+~]) `)

// diffLines are lines with their signs in the first column, where a diff colours them.
func diffLines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = sign.ReplaceAllString(line, "$2$1")
	}
	return lines
}
