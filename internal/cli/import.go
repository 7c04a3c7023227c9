package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// importing is what import was asked to do.
type importing struct {
	vars        variables
	lockTimeout time.Duration
	takeOver    string
	streamFlags
}

// importCommand takes one live object into the state.
func (a *app) importCommand() *cobra.Command {
	var o importing
	c := &cobra.Command{
		Use: "import ADDRESS ID", Short: "Take a live object into the state, under the address of its block", GroupID: groupState, Args: cobra.ExactArgs(2),
		Long: `Take a live object into the state. Its block must be declared; what differs from the block is left as it
is, and the next plan shows it. The object itself is not touched, but for two things: one that waits
for deletion is rescued, and one that is taken over from another stack gets this stack's ownership tags.

ID is a key's id, an alias's name, a secret's name, or for a rotation_policy the id of one of its keys,
or the name of one of its secrets.
An import block in the configuration does the same with plan and apply, for many objects, and can be
reviewed; plan -generate-config-out writes the blocks that are missing, and discover those of a whole region.

Exit codes: 0 imported; 1 error; 2 when the outcome of a call is unknown; 3 when a guard refuses.`,
		RunE: func(c *cobra.Command, args []string) error { return a.runImport(c.Context(), &o, args[0], args[1]) },
	}
	o.vars.flags(c)
	lockTimeoutFlag(c, &o.lockTimeout)
	c.Flags().StringVar(&o.takeOver, "take-over", "", "take the object over from the stack of `LINEAGE`, which has let go of it")
	o.streamFlags.flags(c)
	return c
}

// runImport plans as an import block does, and carries out of it what takes the object up.
func (a *app) runImport(ctx context.Context, o *importing, address, id string) error {
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	to, err := importable(address)
	if err != nil {
		return err
	}
	s, err := a.openImporting(&o.vars, o.lockTimeout, hcl.ImportAt(to, id, o.takeOver))
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	if len(s.Config.Undeclared) > 0 {
		return a.undeclared(ctx, s, to)
	}
	if err := s.Survey(ctx, "import", plan.Scope{Targets: []addr.Address{to}}); err != nil {
		return err
	}
	p, warnings, err := s.Take(ctx, to)
	a.view.Diagnostics(warnings, s.Config.Files)
	if err != nil {
		return err
	}
	a.view.Plan(p)
	return a.carryOut(ctx, s, p, apply.DefaultParallelism)
}

// importable reads the address of a managed object.
func importable(text string) (addr.Address, error) {
	to, err := addr.Parse(text)
	if err != nil {
		return to, usageError{err}
	}
	if to.Data {
		return to, usageError{fmt.Errorf("data blocks own no object at the service, so there is nothing to import into %s", to)}
	}
	if kind.Lookup(to.Kind, false) == nil {
		return to, usageError{fmt.Errorf("there is no kind %q; an address is one like key.orders, alias.orders or secret.token", to.Kind)}
	}
	return to, nil
}

// openImporting opens the module with imports beside those that it declares.
func (a *app) openImporting(v *variables, lockTimeout time.Duration, imports ...hcl.Import) (*stack.Stack, error) {
	return a.opened(func(m stack.Module, o stack.Options) (*stack.Stack, error) {
		m.Imports, m.Undeclared = imports, true
		return stack.Open(m, o)
	}, v, lockTimeout)
}

// undeclared says which block is missing, as the object is.
func (a *app) undeclared(ctx context.Context, s *stack.Stack, to addr.Address) error {
	missing := fmt.Errorf("there is no %s to import into", to)
	blocks, err := s.Draw(ctx)
	if err != nil {
		return withHint(missing, fmt.Sprintf("Write its block first: %s %q { … }", to.Kind, to.Name), upper(err.Error())+".")
	}
	return withHint(missing, "Write its block first, which could be:\n\n"+strings.TrimSuffix(string(draft.Source(blocks)), "\n"))
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
