package hcl

import (
	"fmt"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// fault is an error at a place in the source. The detail is full sentences and says
// what to do.
func fault(at hclv2.Range, summary, detail string, args ...any) *hclv2.Diagnostic {
	return diagnostic(hclv2.DiagError, at, summary, detail, args)
}

// caution is a warning at a place in the source.
func caution(at hclv2.Range, summary, detail string, args ...any) *hclv2.Diagnostic {
	return diagnostic(hclv2.DiagWarning, at, summary, detail, args)
}

// RuleBroken is the Extra of a diagnostic about a rule of package kind.
type RuleBroken struct{ ID string }

// breach is what breaks a rule at a place in the source.
func breach(r kind.Rule, at hclv2.Range, detail string, args ...any) *hclv2.Diagnostic {
	severity := hclv2.DiagError
	if r.Severity == kind.Warned {
		severity = hclv2.DiagWarning
	}
	d := diagnostic(severity, at, r.Summary, detail, args)
	d.Extra = RuleBroken{r.ID}
	return d
}

func diagnostic(severity hclv2.DiagnosticSeverity, at hclv2.Range, summary, detail string, args []any) *hclv2.Diagnostic {
	d := &hclv2.Diagnostic{Severity: severity, Summary: summary, Detail: fmt.Sprintf(detail, args...)}
	if at.Filename != "" {
		d.Subject = &at
	}
	return d
}

// didYouMean is a sentence to append to a detail, with its leading blank, or "".
func didYouMean(given string, names []string) string {
	if s := suggest.Nearest(given, names); s != "" {
		return fmt.Sprintf(" Did you mean %q?", s)
	}
	return ""
}

// maxPerBlock bounds how many findings one block with many instances may report.
const maxPerBlock = 20

// collector gathers the findings of one block's instances, each only once.
type collector struct {
	seen    map[string]bool
	dropped int
	diags   hclv2.Diagnostics
}

func (c *collector) add(diags hclv2.Diagnostics) {
	for _, d := range diags {
		key := identity(d)
		switch {
		case c.seen[key]:
		case len(c.diags) >= maxPerBlock:
			c.dropped++
		default:
			if c.seen == nil {
				c.seen = map[string]bool{}
			}
			c.seen[key] = true
			c.diags = append(c.diags, d)
		}
	}
}

func (c *collector) result(b *block) hclv2.Diagnostics {
	if c.dropped > 0 {
		c.diags = append(c.diags, fault(b.rng, "More findings in the same block",
			"%d further findings in the instances of %s are not shown. Fix the ones above first.", c.dropped, b.addr))
	}
	return c.diags
}

// identity is the same for findings that say the same.
func identity(d *hclv2.Diagnostic) string {
	key := d.Summary + "\x00" + d.Detail
	if d.Subject != nil {
		key += "\x00" + d.Subject.String()
	}
	return key
}

// once leaves out what several instances of a module say alike, and all but a few of what many say of one place.
func once(diags hclv2.Diagnostics) hclv2.Diagnostics {
	seen, places := map[string]bool{}, map[string]int{}
	return slices.DeleteFunc(diags, func(d *hclv2.Diagnostic) bool {
		key := identity(d)
		if seen[key] || d.Subject == nil {
			return seen[key]
		}
		seen[key] = true
		place := d.Summary + "\x00" + d.Subject.String()
		places[place]++
		return places[place] > maxPerBlock
	})
}
