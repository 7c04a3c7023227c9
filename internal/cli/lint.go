package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// lintOptions are the flags of lint.
type lintOptions struct {
	vars        variables
	only, skip  []string
	least       string
	maxRotation string
	ownerTags   []string
	state       bool
	plan        string
	pack        string
	json        bool
	formFlags

	options lint.Options
	bounds  lint.Bounds
}

// lintCommand looks at the configuration with the KP rules.
func (a *app) lintCommand() *cobra.Command {
	var o lintOptions
	c := &cobra.Command{
		Use: "lint", Short: "Look for what a configuration may say and should not", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Hold the module against the KP rules: keys without protection or rotation, secrets that are written
out, envelopes bound to nothing. Nothing is called; with -state the state is read. docs/lint.md
lists the rules.

Exit codes: 0 nothing found; 2 findings; 1 error, also when the module does not load.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.parse(); err != nil {
				return err
			}
			if err := a.openLintViews(&o); err != nil {
				return err
			}
			return a.lint(c.Context(), &o)
		},
	}
	o.vars.flags(c)
	f := c.Flags()
	f.StringSliceVar(&o.only, "only", nil, "ask only these rules, `KP001,…`, by id or name; repeatable")
	f.StringSliceVar(&o.skip, "skip", nil, "leave these rules out, `KP001,…`; repeatable")
	f.StringVar(&o.least, "min-severity", lint.Note.String(), "leave out what is milder than `SEVERITY`: "+strings.Join(lint.Severities(), ", "))
	f.StringVar(&o.maxRotation, "max-rotation", "365d", "how long a key may keep its version, `DURATION`")
	f.StringSliceVar(&o.ownerTags, "owner-tag", lint.DefaultOwnerTags(), "a `TAG` that says whose a key or secret is; repeatable")
	f.StringVar(&o.pack, "pack", "", "ask the rules of a `PACK`, each with what it stands for elsewhere: "+strings.Join(packNames(), ", "))
	f.BoolVar(&o.state, "state", false, "look at what the state has recorded too")
	f.StringVar(&o.plan, "plan", "", "look at the keys that a plan saved to `FILE` saw waiting for deletion")
	f.BoolVar(&o.json, "json", false, "print one JSON document, as -format json")
	o.formFlags.flags(c, "lint")
	return c
}

// openLintViews chooses whom the command talks to.
func (a *app) openLintViews(o *lintOptions) error {
	instead, beside, err := a.openForms(&o.formFlags)
	if err != nil {
		return err
	}
	switch {
	case o.json && instead != nil:
		return usageError{fmt.Errorf("-json and -format=%s both say what is printed; leave one out", o.format)}
	case instead == nil && (o.json || o.format == formJSON):
		instead = view.NewDocument(a.term, version.Number)
	case instead == nil:
		instead = a.term
	}
	a.view = view.New(append([]view.View{instead}, beside...)...)
	return nil
}

// parse turns the flags into what lint takes.
func (o *lintOptions) parse() (err error) {
	if o.options.Only, err = rulesNamed("-only", o.only); err != nil {
		return err
	}
	if o.options.Skip, err = rulesNamed("-skip", o.skip); err != nil {
		return err
	}
	if o.options.Least, err = lint.ParseSeverity(o.least); err != nil {
		return usageError{fmt.Errorf("-min-severity: %w", err)}
	}
	if o.bounds.MaxRotation, err = kind.ParseDuration(o.maxRotation); err != nil || o.bounds.MaxRotation < 24*time.Hour {
		return usageError{fmt.Errorf("-max-rotation=%s: write at least a day, as a whole number and a unit, such as 90d", o.maxRotation)}
	}
	o.bounds.OwnerTags = o.ownerTags
	if o.options.Pack = lint.LookupPack(o.pack); o.pack != "" && o.options.Pack == nil {
		return usageError{fmt.Errorf("-pack: there is no pack %q; write one of %s", o.pack, strings.Join(packNames(), ", "))}
	}
	return nil
}

func packNames() (names []string) {
	for _, p := range lint.Packs() {
		names = append(names, p.Name)
	}
	return names
}

// rulesNamed are the rules that a flag names.
func rulesNamed(flag string, names []string) ([]*lint.Rule, error) {
	rules := lint.Rules()
	var out []*lint.Rule
	for _, name := range names {
		r := lint.Lookup(rules, strings.TrimSpace(name))
		if r == nil {
			var known []string
			for _, r := range rules {
				known = append(known, r.ID, r.Name)
			}
			return nil, usageError{fmt.Errorf("%s: there is no rule %q%s", flag, name, cmp.Or(suggest.Clause(name, known), "; docs/lint.md lists them"))}
		}
		out = append(out, r)
	}
	return out, nil
}

// lint loads the module, looks at it, and exits 2 on findings.
func (a *app) lint(ctx context.Context, o *lintOptions) error {
	cfg, diags := a.load(&o.vars, true)
	if diags.HasErrors() {
		a.view.Diagnostics(diags, cfg.Files)
		return exit{exitError}
	}
	in := lint.Input{Config: cfg, Warnings: diags, Now: a.now(), Bounds: o.bounds}
	if err := a.record(ctx, o, &in); err != nil {
		return err
	}
	report := lint.Run(in, o.options)
	a.view.Linted(report, cfg.Files)
	if len(report.Findings) > 0 {
		return exit{exitChanges}
	}
	return nil
}
