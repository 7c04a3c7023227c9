package lint

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// commentRules are about the comments that answer for findings. They are asked last, and no comment answers for them.
func commentRules() []*Rule {
	return []*Rule{
		{
			ID: "KP090", Name: "ignore-without-reason", Severity: Warning, Title: "Ignore comment that does not work", late: true,
			Why:    "A finding is ignored by somebody, for a reason. Without it nobody can tell later whether the reason still holds, so a comment without one ignores nothing.",
			Fix:    "Write `# kmsplan:ignore KP012 why it is right here`, with ids of rules that exist, several joined by commas.",
			Source: "docs/lint.md, Ignoring a finding",
			check: func(p *pass) {
				for _, g := range p.comments {
					switch {
					case g.works():
					case len(g.names) == 0:
						p.report(g.at, "", "The comment names no rule.")
					case len(g.rules) < len(g.names):
						p.report(g.at, "", "%s", unknownRule(g))
					default:
						p.report(g.at, "", "The comment gives no reason.")
					}
				}
			},
		},
		{
			ID: "KP091", Name: "ignore-without-finding", Severity: Warning, Title: "Ignore comment that answers for nothing", late: true,
			Why:    "What it was for is mended, or was never found: left in place it hides the next finding of the same kind.",
			Fix:    "Take the comment out.",
			Source: "docs/lint.md, Ignoring a finding",
			check: func(p *pass) {
				for _, g := range p.comments {
					for _, r := range g.rules {
						if g.works() && !g.used[r.ID] && p.asked(r) {
							p.report(g.at, "", "%s finds nothing where the comment stands.", r.ID)
						}
					}
				}
			},
		},
	}
}

// asked reports whether a rule had its say in this run.
func (p *pass) asked(r *Rule) bool {
	return slices.ContainsFunc(p.running, func(n *Rule) bool { return n.ID == r.ID }) && (!r.Recorded || p.Recorded != nil)
}

// unknownRule says which name of a comment is none.
func unknownRule(g *ignore) string {
	var ids []string
	rules := Rules()
	for _, r := range rules {
		ids = append(ids, r.ID, r.Name)
	}
	for _, n := range g.names {
		if Lookup(rules, n) == nil {
			return "There is no rule " + strings.ToValidUTF8(n, "?") + suggest.Clause(n, ids) + "."
		}
	}
	return ""
}
