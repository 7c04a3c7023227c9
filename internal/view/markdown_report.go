package view

import "fmt"

// markdown renders a comment for a pull request.
func markdown(t *Told) ([]byte, error) {
	d := newMD(maxComment)
	d.add("%s", mdMarker(t.About))
	switch {
	case t.lint != nil:
		t.lintMarkdown(d, *t.lint)
	case t.plan != nil:
		t.planMarkdown(d, t.plan)
	case t.drift != nil:
		t.driftMarkdown(d, *t.drift)
	default:
		t.refusalsMarkdown(d)
	}
	t.problemsMarkdown(d)
	return []byte(d.String()), nil
}

// problemsMarkdown are what kept the command from its answer.
func (t *Told) problemsMarkdown(d *mdDoc) {
	if !t.errored() {
		return
	}
	d.add("### kmsplan %s failed in %s\n\n", t.About.Command, mdCode(t.About.Stack))
	for _, p := range sorted(t.diags) {
		where := ""
		if p.Subject != nil {
			where = " " + mdCode(fmt.Sprintf("%s:%d", t.file(p.Subject.Filename), p.Subject.Start.Line))
		}
		d.add("- **%s**%s: %s\n", mdText(p.Summary), where, mdText(p.Detail))
	}
	for _, f := range t.failures {
		d.add("- **%s**: %s\n", mdText(f.summary), mdText(f.detail))
	}
}

// refusalsMarkdown are the guards that fired, with their ways forward.
func (t *Told) refusalsMarkdown(d *mdDoc) {
	for _, r := range t.allRefusals() {
		if d.add("- 🛑 **%s**. %s\n", mdText(refusalTitle(r)), mdText(r.Reason)) {
			for i, way := range r.WaysForward {
				d.add("  %d. %s\n", i+1, mdText(way))
			}
		}
	}
}
