package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/plan"
)

// signStyle is the colour of each sign.
var signStyle = map[plan.Action]style{
	plan.Create: green, plan.Update: yellow, plan.Adopt: cyan, plan.Rescue: cyan, plan.Succeed: yellow,
	plan.Retire: red, plan.Delete: red, plan.Forget: dim, plan.Read: cyan,
}

// planText renders plans for people.
type planText struct {
	w      io.Writer
	color  bool
	width  int
	calls  bool // list what is called for each change
	now    time.Time
	compat string // the tool whose lines are printed for bots; "" = ours
}

// Plan prints a plan for people: what the service changed by itself, what will be
// done, what is refused, and Terraform's closing sentence. Days that are left are counted from when the plan was made.
func (t *Terminal) Plan(p *plan.Plan) {
	r := planText{w: t.people(), color: t.Color, width: t.Width, calls: t.Calls, now: p.Created, compat: t.compat}
	if otherWorkspace(p.Workspace) {
		r.printf("In the workspace %s:\n", p.Workspace)
	}
	r.lookedUp(p.Lookups)
	r.drift(p.Drift)
	r.changes(p)
	r.movedBlocks(p)
	r.movedGateways(p.MovedGateways)
	r.movedBatches(p.Batches)
	r.forgottenBatches(p.Batches)
	r.outputs(p.Outputs)
	r.radius(p.Radius)
	r.summary(p)
	r.waiting(p.Changes)
	r.batches(p.Batches)
	r.dying(p.Dying)
	t.planWarnings(p.Warnings)
	t.Refusals(p.Refusals)
	if n := rescues(p); n > 0 && p.Refused() {
		fmt.Fprintf(t.beside(), "\n%s\n", wrap(fmt.Sprintf("Nothing else is called while a guard refuses, but apply takes %s out of the deletion window first: a window does not wait.", plural(n, "object")), t.Width))
	}
}

// otherWorkspace reports whether a workspace is worth a word: who has none but the default one reads of none.
func otherWorkspace(name string) bool { return name != "" && name != "default" }

// Approved shows what keeps a saved plan from being applied.
func (t *Terminal) Approved(p *plan.Plan) { t.Refusals(p.Refusals) }

// Saved says how the plan is applied, where there is something to apply.
func (t *Terminal) Saved(name string, p *plan.Plan) {
	if p.Empty() {
		t.tell("\nSaved the plan to %s. It has nothing for apply to do.\n", name)
		return
	}
	t.tell("\nSaved the plan to %s. To perform exactly these actions:\n    kmsplan apply %s\n", name, name)
}

func (r planText) printf(format string, args ...any) {
	fmt.Fprintf(r.w, format, args...)
}

// drift lists what changed outside of kmsplan since the last apply.
func (r planText) drift(drift []plan.Drift) {
	if len(drift) == 0 {
		return
	}
	r.printf("%s: Objects have changed outside of %s\n\n", paint(r.color, bold, "Note"), r.product())
	r.printf("%s\n\n", wrap("kmsplan found these differences between its last apply and the service. They are listed apart from the changes you ask for.", r.width))
	for _, d := range drift {
		if d.Gone {
			r.printf("  # %s has been deleted\n\n", paint(r.color, bold, d.Addr.String()))
			continue
		}
		r.printf("  # %s has changed\n", paint(r.color, bold, d.Addr.String()))
		if len(d.Kept) > 0 {
			r.printf("  # (apply leaves %s so: declare it, or record it as it is with `kmsplan refresh`)\n", strings.Join(d.Kept, " and "))
		}
		r.block("~", yellow, d.Kind, d.Addr.Name, d.Diff)
	}
}

// changes lists every object that something will be done with, and the files of data blocks.
func (r planText) changes(p *plan.Plan) {
	r.heading(p)
	several := severalGateways(p)
	for _, l := range putOff(p) {
		r.lookup(l, several)
	}
	for _, c := range p.Changes {
		if c.Acts() {
			r.change(c, several)
		}
	}
	r.files(p.Files, several)
}

// change prints one object's heading and attributes, and where it is when there is more than one place.
func (r planText) change(c plan.Change, where bool) {
	heading := paint(r.color, bold, c.Addr.String()) + " " + headline(c)
	r.printf("  # %s\n", heading)
	if c.MovedFrom.Kind != "" && !c.OnlyMoves() {
		r.printf("  # (moved from %s)\n", c.MovedFrom)
	}
	r.where(c.Gateway, where)
	if c.Reason != "" {
		r.printf("  # (%s)\n", neutral(c.Reason))
	}
	if c.Action == plan.NoOp || c.OnlyMoves() {
		r.printf("\n")
		return
	}
	if r.calls && len(c.Calls) > 0 {
		r.printf("  # (calls: %s)\n", strings.Join(c.Calls, ", "))
	}
	if attributes := shown(c); len(attributes) > 0 {
		r.block(c.Action.Sign(), signStyle[c.Action], c.Kind, c.Addr.Name, attributes)
		return
	}
	calls := ""
	if !r.calls && len(c.Calls) > 0 {
		calls = " # " + strings.Join(c.Calls, ", ")
	}
	r.printf("  %s %s %q%s\n\n", paint(r.color, signStyle[c.Action], c.Action.Sign()), c.Kind, c.Addr.Name, calls)
}

// shown are the attributes that a change is shown with: those that differ, or all of what goes.
func shown(c plan.Change) []plan.AttrDiff {
	if !goes(c) {
		return c.Diff
	}
	var gone []plan.AttrDiff
	for _, name := range slices.Sorted(maps.Keys(c.Before)) {
		if v := c.Before[name]; !absent(v) && !(isMap(v) && v.LengthInt() == 0) {
			gone = append(gone, plan.AttrDiff{Name: name, Before: v, After: cty.NullVal(v.Type())})
		}
	}
	for _, d := range c.Diff {
		if _, known := c.Before[d.Name]; !known {
			gone = append(gone, d)
		}
	}
	return gone
}

// headline is the sentence behind an address. Where Terraform has one it is the same to the letter,
// since pipelines look for it.
func headline(c plan.Change) string {
	if c.OnlyMoves() {
		return "has moved from " + c.MovedFrom.String()
	}
	switch c.Action {
	case plan.Create:
		return "will be created"
	case plan.Update:
		return "will be updated in-place"
	case plan.Adopt:
		return "will be imported"
	case plan.Rescue:
		return "will be rescued from deletion"
	case plan.Succeed:
		return "will get a successor; the old key stays usable for decryption"
	case plan.Retire:
		return "will be retired by one step"
	case plan.Delete:
		return "will be destroyed"
	case plan.Forget:
		return "will be removed from the kmsplan state but will not be destroyed"
	case plan.NoOp:
		return "has moved from " + c.MovedFrom.String()
	}
	return "will be read"
}

func (r planText) outputs(outputs []plan.OutputChange) {
	if len(outputs) == 0 {
		return
	}
	r.printf("Changes to Outputs:\n")
	wide := 0
	for _, o := range outputs {
		wide = max(wide, columns(o.Name))
	}
	for _, o := range outputs {
		r.output(o, wide)
	}
	r.printf("\n")
}

func (r planText) output(o plan.OutputChange, wide int) {
	name := pad(o.Name, wide)
	r.difference("  ", name, o.Before, o.After)
}

// summary prints Terraform's closing sentence, which pipelines parse.
func (r planText) summary(p *plan.Plan) {
	if p.Empty() {
		if len(p.Refusals) > 0 {
			return
		}
		if n := unusable(p.Files); n > 0 {
			r.printf("%s\n", wrap(fmt.Sprintf("Nothing can be done, and not all is as it is declared: %s cannot be worked on.", plural(n, "file")), r.width))
			return
		}
		if p.Asked {
			r.printf("Nothing to do.\n")
			return
		}
		if p.Differs() {
			r.printf("%s\n", wrap("Nothing to do. The infrastructure does not match the configuration, and apply leaves it as it is: see the warnings.", r.width))
			return
		}
		r.printf("%s Your infrastructure matches the configuration.\n", paint(r.color, green, paint(r.color, bold, "No changes.")))
		said := "kmsplan compared the live keys, aliases, secrets and files with the configuration and found no differences, so nothing needs to be done."
		if p.Reading != plan.ReadFull {
			said = "So it looks as far as was read. " + p.Reading.Unread()
		}
		r.printf("\n%s\n", wrap(said, r.width))
		return
	}
	r.closing(p)
	n := rescues(p)
	if n > 0 {
		r.printf("Rescue: %s waiting for deletion will be kept.\n", plural(n, "object"))
	}
	if p.Refused() {
		r.printf("%s\n", paint(r.color, red, notDone(n)))
	}
	if line := fileSummary(p.Files); line != "" {
		r.printf("%s\n", line)
	}
}

func rescues(p *plan.Plan) int {
	n := 0
	for i := range p.Changes {
		if p.Changes[i].Action == plan.Rescue {
			n++
		}
	}
	return n
}

// SummaryLine is the sentence pipelines parse: Plan: 2 to add, 1 to change, 0 to destroy.
func SummaryLine(p *plan.Plan) string {
	s := p.Summary()
	return summaryHead(s) + further(count{s.Forget, "to forget"}, count{s.Retire, "to retire"}, count{s.Move, "to move"}, count{s.Start, "to start"}) + "."
}

// count is a number of things.
type count struct {
	n    int
	what string
}

// further are counts that are said only where there is something to count.
func further(counts ...count) (text string) {
	for _, c := range counts {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	return text
}
