package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// compatVariable asks for the lines that bots look for which post other tools' plans as comments: they know their tool by
// its name in two sentences, and the closing sentence by all its words.
const compatVariable = "KMSPLAN_COMPAT_UI"

// compatNames are the tools whose lines can be printed, by the variable's values.
var compatNames = map[string]string{"terraform": "Terraform", "opentofu": "OpenTofu"}

// product is the name in the sentences that bots look for.
func (r planText) product() string {
	if r.compat != "" {
		return r.compat
	}
	return "kmsplan"
}

// closing prints the closing sentence. For bots it has no words that they do not know: those come on a line of their own.
func (r planText) closing(p *plan.Plan) {
	if r.compat == "" {
		r.printf("%s\n", SummaryLine(p))
		return
	}
	s := p.Summary()
	r.printf("%s.\n", summaryHead(s)+further(count{s.Forget, "to forget"}))
	if rest := further(count{s.Retire, "to retire"}, count{s.Move, "to move"}); rest != "" {
		r.printf("Besides: %s.\n", rest[len(", "):])
	}
}

// summaryHead is the part of the closing sentence that is always there.
func summaryHead(s plan.Summary) string {
	line := "Plan: "
	if s.Import > 0 {
		line += fmt.Sprintf("%d to import, ", s.Import)
	}
	return line + fmt.Sprintf("%d to add, %d to change, %d to destroy", s.Add, s.Change, s.Destroy)
}
