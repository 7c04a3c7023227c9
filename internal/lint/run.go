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
	r := Report{Pack: o.Pack, Looked: Looked{Files: len(in.Config.Files), Blocks: len(in.Config.Blocks), Objects: len(in.Recorded)}}
	all := Rules()
	r.Rules = slices.DeleteFunc(slices.Clone(all), func(rule *Rule) bool { return !o.runs(rule) })
	p := pass{Input: in, module: survey(in.Config), running: r.Rules, comments: ignores(in.Config, all)}
	var found []Finding
	for _, rule := range r.Rules {
		r.Unread = r.Unread || rule.Recorded && in.Recorded == nil
		if !rule.late {
			found = append(found, p.ask(rule)...)
		}
	}
	found, r.Suppressed = suppress(arrange(found), p.comments)
	for _, rule := range r.Rules {
		if rule.late {
			found = append(found, p.ask(rule)...)
		}
	}
	r.Findings = slices.DeleteFunc(arrange(found), func(f Finding) bool { return f.Rule.Severity < o.Least })
	if o.Pack != nil {
		for i := range r.Findings {
			s, _ := o.Pack.Stands(r.Findings[i].Rule)
			r.Findings[i].Pack = s.String()
		}
	}
	return r
}

// ask lets one rule look.
func (p pass) ask(rule *Rule) []Finding {
	p.rule, p.found = rule, nil
	rule.check(&p)
	return p.found
}

// runs reports whether a rule is chosen.
func (o Options) runs(r *Rule) bool {
	names := func(list []*Rule) bool {
		return slices.ContainsFunc(list, func(n *Rule) bool { return n.ID == r.ID })
	}
	if o.Pack != nil && !r.late {
		if _, ok := o.Pack.Stands(r); !ok {
			return false
		}
	}
	return (len(o.Only) == 0 || names(o.Only)) && !names(o.Skip)
}
