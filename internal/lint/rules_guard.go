package lint

import (
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/kind"
)

// guardRules are about what a module takes away from kmsplan's own guards.
func guardRules() []*Rule {
	return []*Rule{
		{
			ID: "KP005", Name: "deletion-window", Severity: Warning, Title: "Short way to a deletion",
			Why:    "The soak is the time in which somebody misses a disabled key, and the window the time in which a deletion can be taken back. After it nothing brings the data back.",
			Fix:    "Leave `soak_days` and `window_days` out (7 and 30 days), or write more.",
			Source: "KMS: ScheduleKeyDeletion, 7 to 366 days; DeleteSecret, 7 to 30 days",
			check: func(p *pass) {
				for _, r := range p.Config.Removed {
					k := r.Kind()
					if k == nil {
						continue // a module as a whole, which is forgotten only
					}
					way := k.Removal(r.Action)
					switch {
					case way == nil:
					case way.Window.Asked() && r.WindowDays < way.Window.Default:
						p.report(r.Range, r.From.String(), "The deletion of %s can be taken back for %d days only.", r.From, r.WindowDays)
					case way.Soak.Asked() && r.SoakDays < way.Soak.Default:
						p.report(r.Range, r.From.String(), "%s is disabled for %d days only before its deletion is scheduled.", r.From, r.SoakDays)
					}
				}
			},
		},
		{
			ID: "KP012", Name: "count-on-keys", Severity: Warning, Title: "Keys or secrets told apart by number",
			Why:    "With count, taking one out renumbers those after it, and each would take its neighbour's place and its neighbour's data.",
			Fix:    "Write `for_each` with a set of names, and a `moved` block for each instance.",
			Source: "docs/language.md, Repetition",
			check: func(p *pass) {
				for _, b := range p.Config.Blocks {
					if b.Kind.Protected && len(b.Instances) > 1 && strings.HasPrefix(b.Instances[0].Key, "[0") {
						p.report(b.Range, b.Addr.String(), "%s makes %d instances by count.", b.Addr, len(b.Instances))
					}
				}
			},
		},
		{
			ID: "KP016", Name: "limits-open", Severity: Warning, Title: "Limit of deletions left open",
			Why:    "The limit is what stops a plan that takes away more than anybody meant. One that was raised for a single change protects nothing afterwards.",
			Fix:    "Take the limit out again when the change is done: the defaults are `deletions = 0` and `deleted_share = 30`.",
			Source: "docs/language.md, Settings",
			check: func(p *pass) {
				l := p.Config.Settings.Limits
				if n := l["deletions"]; n > kind.LimitDefaults["deletions"] {
					p.report(p.Config.Settings.Range, "", "One plan may take away %d keys and secrets.", n)
				}
				if n := l["deleted_share"]; n > kind.LimitDefaults["deleted_share"] {
					p.report(p.Config.Settings.Range, "", "One plan may delete %d percent of all objects.", n)
				}
			},
		},
		{
			ID: "KP040", Name: "idle-freeze", Severity: Note, Title: "Freeze that freezes nothing",
			Why:    "A freeze that is over, or that leaves everything out, reads as if something were held.",
			Fix:    "Take the block out, or write the time and the exceptions that are meant.",
			Source: "docs/language.md, Settings",
			check: func(p *pass) {
				for _, f := range p.Config.Settings.Freezes {
					switch {
					case !f.Until.IsZero() && f.Until.Before(p.Now):
						p.report(f.Range, "", "The freeze was over on %s.", f.Until.Format(time.DateOnly))
					case slices.Contains(f.Except, "*.*"):
						p.report(f.Range, "", "The freeze leaves every object out.")
					}
				}
			},
		},
		{
			ID: "KP032", Name: "prevent-destroy", Severity: Warning, Title: "Guard against vanishing switched off",
			Why:    "With `prevent_destroy = false` a plan may take the object away, and the state records that it may.",
			Fix:    "Take it out, apply, and let the object go with a `removed` block when that is meant.",
			Source: "docs/language.md, Lifecycle",
			check: func(p *pass) {
				for _, b := range p.Config.Blocks {
					if off := b.Lifecycle.PreventDestroy; b.Kind.Protected && off != nil && !*off {
						p.report(b.Range, b.Addr.String(), "%s may be taken away by a plan.", b.Addr)
					}
				}
			},
		},
		{
			ID: "KP033", Name: "ignored-protection", Severity: Warning, Title: "Changes of a key's protection ignored",
			Why:    "What is ignored is put right by nobody: others can switch the deletion protection off, or widen the policy, and every plan says that nothing changed.",
			Fix:    "Name the attributes that really change elsewhere in `ignore_changes`, single tags for example, and neither `all` nor the protection.",
			Source: "docs/language.md, Lifecycle",
			check: func(p *pass) {
				for _, b := range p.Config.Blocks {
					for _, name := range []string{"all", "deletion_protection", "policy", "enabled"} {
						if b.Addr.Kind == "key" && slices.Contains(b.Lifecycle.IgnoreChanges, name) {
							p.report(b.Range, b.Addr.String(), "%s ignores changes of %s.", b.Addr, name)
						}
					}
				}
			},
		},
		{
			ID: "KP034", Name: "foreign-versions", Severity: Warning, Title: "Versions that others wrote are overwritten",
			Why:    "A version that this stack has not written is often a rotation that somebody did by hand. Overwriting it brings the old value back, and whoever uses the new one fails.",
			Fix:    "Write `on_foreign_version = \"keep\"`, or leave it out, so that a plan is refused and somebody looks.",
			Source: "docs/language.md, Lifecycle",
			check: func(p *pass) {
				for _, b := range p.Config.Blocks {
					if b.Lifecycle.OnForeignVersion == "overwrite" {
						p.report(b.Range, b.Addr.String(), "%s stores the configured value over any other.", b.Addr)
					}
				}
			},
		},
	}
}
