package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// legend explains the signs a plan uses, in the order they are explained.
var legend = []struct {
	action plan.Action
	text   string
}{
	{plan.Create, "create"},
	{plan.Update, "update in-place"},
	{plan.Adopt, "import or adopt"},
	{plan.Rescue, "rescue from deletion"},
	{plan.Succeed, "create a successor"},
	{plan.Retire, "retire, one step"},
	{plan.Delete, "destroy"},
	{plan.Forget, "forget, the object stays"},
	{plan.Read, "read (data blocks)"},
}

// heading explains the signs that a plan uses, and says whether what follows will be done or only would be.
func (r planText) heading(p *plan.Plan) {
	used, moves := map[plan.Action]bool{}, false
	for i := range p.Changes {
		c := &p.Changes[i]
		used[c.Action] = used[c.Action] || !c.OnlyMoves()
		moves = moves || c.Acts()
	}
	for i := range p.Files {
		used[p.Files[i].Action] = true
	}
	if len(putOff(p)) > 0 {
		used[plan.Read] = true
	}
	delete(used, plan.NoOp)
	if len(used) == 0 && !moves {
		return
	}
	signs := " Actions are shown with these signs:"
	if len(used) == 0 {
		signs = ""
	}
	r.printf("%s\n", wrap("kmsplan used the configuration to generate the following plan."+signs, r.width))
	for _, l := range legend {
		if used[l.action] {
			r.printf("  %s %s\n", paint(r.color, signStyle[l.action], l.action.Sign()), l.text)
		}
	}
	switch {
	case !p.Refused() || r.compat != "":
		r.printf("\n%s will perform the following actions:\n\n", r.product())
	case rescues(p) > 0:
		r.printf("\n%s\n\n", wrap("kmsplan will perform the rescues among the following actions. The others it would perform if no guard refused:", r.width))
	default:
		r.printf("\nkmsplan would perform the following actions if no guard refused:\n\n")
	}
}

// notDone says below the counts of a refused plan what is left of them.
func notDone(rescues int) string {
	if rescues == 0 {
		return "Refused: nothing of this is done."
	}
	return fmt.Sprintf("Refused: nothing of this is done but the rescue of %s.", plural(rescues, "object"))
}

// where names the gateway of what a heading stands above.
func (r planText) where(gateway string, several bool) {
	if several && gateway != "" {
		r.printf("  # (on gateway %q)\n", gateway)
	}
}

// severalGateways reports whether a plan has to do with more than one.
func severalGateways(p *plan.Plan) bool {
	seen := map[string]bool{}
	for i := range p.Changes {
		seen[p.Changes[i].Gateway] = true
	}
	for i := range p.Lookups {
		seen[p.Lookups[i].Gateway] = true
	}
	for i := range p.Files {
		seen[p.Files[i].Gateway] = true
	}
	delete(seen, "")
	return len(seen) > 1
}
