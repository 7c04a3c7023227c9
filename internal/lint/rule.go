package lint

import (
	"cmp"
	"slices"
	"strings"
)

// Rule is one check. Its id never changes its meaning: ignore comments, baselines and dashboards rely on it.
type Rule struct {
	ID       string // KP001
	Name     string // a word for the id: deletion-protection
	Severity Severity
	Title    string // the headline of a finding, without full stop
	Why      string // what can happen, full sentences
	Fix      string // what to write, full sentences
	Source   string // where the fact stands: an operation of KMS, or a page of this documentation
	// Recorded says that the rule looks at what a state or a saved plan has recorded; without one it finds nothing.
	Recorded bool
	Page     string // that documents it; "" = docs/lint.md

	check func(*pass)
	late  bool // it looks at what became of the comments: asked when all others were
}

// Rules are all rules, by id.
func Rules() []*Rule {
	all := slices.Concat(keyRules(), guardRules(), policyRules(), referenceRules(), secretRules(), fileRules(), gatewayRules(), inputRules(), quotaRules(), recordedRules(), commentRules())
	slices.SortFunc(all, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Docs is where the rule is documented.
func (r *Rule) Docs() string { return cmp.Or(r.Page, "docs/lint.md") + "#" + strings.ToLower(r.ID) }

// Lookup finds a rule by its id or its name, in any case; nil = there is none.
func Lookup(rules []*Rule, text string) *Rule {
	for _, r := range rules {
		if strings.EqualFold(r.ID, text) || strings.EqualFold(r.Name, text) {
			return r
		}
	}
	return nil
}
