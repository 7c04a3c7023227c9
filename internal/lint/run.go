package lint

import (
	"slices"
)

// Options choose rules. The zero value runs all of them.
type Options struct {
	Only, Skip []*Rule // Only empty = all
	Least      Severity
	Pack       *Pack
}

// Run looks at the input with the chosen rules.
func Run(in Input, o Options) Report {
	in.Bounds = in.Bounds.withDefaults()
	m := survey(in.Config)
	report := Report{Pack: o.Pack, Looked: Looked{len(in.Config.Files), len(in.Config.Blocks), len(in.Recorded)}}
	var found []Finding
	for _, r := range Rules() {
		if !o.runs(r) {
			continue
		}
		report.Rules = append(report.Rules, r)
		report.Unread = report.Unread || r.Recorded && in.Recorded == nil
		if r.check != nil {
			p := &pass{Input: in, module: m, rule: r}
			r.check(p)
			found = append(found, p.found...)
		}
	}
	report.Findings = slices.DeleteFunc(arrange(found), func(f Finding) bool { return f.Rule.Severity < o.Least })
	return report
}

// runs reports whether a rule is chosen.
func (o Options) runs(r *Rule) bool {
	names := func(list []*Rule) bool {
		return slices.ContainsFunc(list, func(n *Rule) bool { return n.ID == r.ID })
	}
	return (len(o.Only) == 0 || names(o.Only)) && !names(o.Skip)
}
