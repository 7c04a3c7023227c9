package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// runOptions are the flags of run.
type runOptions struct {
	vars        variables
	lockTimeout time.Duration
	force       bool
	streamFlags
}

// runCommand runs data blocks alone, for deploy pipelines.
func (a *app) runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use: "run [ADDRESS …]", Short: "Run data blocks: encrypt, decrypt and rewrap the files of this stack", GroupID: groupFiles,
		Long: `Run the data blocks of the module, or those named, whose outputs are stale. Keys, aliases
and secrets are not planned or changed: a deploy pipeline needs no management permission.
Addresses look like data.encrypt.app_config; a block's address stands for all its instances.`,
		RunE: func(c *cobra.Command, args []string) error { return a.run(c.Context(), &o, args) },
	}
	o.vars.flags(c)
	o.streamFlags.flags(c)
	a.unprovedFlag(c)
	lockTimeoutFlag(c, &o.lockTimeout)
	c.Flags().BoolVar(&o.force, "force", false, "run the blocks even if their outputs are current")
	return c
}

func (a *app) run(ctx context.Context, o *runOptions, args []string) error {
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	wanted, err := parseAddresses(args)
	if err != nil {
		return err
	}
	s, err := a.opened(stack.OpenForFiles, &o.vars, o.lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	stop, done := a.patient()
	defer done()
	p, _, err := s.Run(ctx, stack.Running{Wanted: wanted, Force: o.force, Hooks: a.fileHooks(), Stop: stop})
	if p == nil {
		return err
	}
	a.current(p)
	return err
}

// fileHooks say which files were written.
func (a *app) fileHooks() apply.Hooks {
	wrote := func(s apply.Step, o apply.Outcome) { a.view.Wrote(s.Addr.String(), o.Written) }
	return a.reaching(apply.Hooks{Done: wrote, Failed: wrote})
}

// reaching adds to hooks that a view shows how far the work is.
func (a *app) reaching(h apply.Hooks) apply.Hooks {
	began := a.now()
	h.Reached = func(done, total int) {
		a.view.Working(view.Working{Done: done, Total: total, Began: began, At: a.now()})
	}
	return h
}

// current says which blocks had nothing to do.
func (a *app) current(p *plan.Plan) {
	current := map[addr.Address]bool{}
	for _, f := range p.Files {
		if _, seen := current[f.Addr]; !seen {
			current[f.Addr] = true
		}
		current[f.Addr] = current[f.Addr] && f.Action == plan.NoOp && f.Problem == ""
	}
	for _, f := range p.Files {
		if current[f.Addr] {
			a.view.Current(f.Addr.String())
			delete(current, f.Addr)
		}
	}
}

func parseAddresses(args []string) ([]addr.Address, error) {
	var out []addr.Address
	for _, text := range args {
		parsed, err := addr.ParseTarget(text)
		if err != nil {
			return nil, usageError{err}
		}
		if !parsed.Data && !parsed.IsModule() {
			return nil, usageError{fmt.Errorf("%s is managed by plan and apply; run takes data blocks, for example data.encrypt.config", text)}
		}
		out = append(out, parsed)
	}
	return out, nil
}
