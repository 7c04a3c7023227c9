package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// showCommand shows the state or a saved plan.
func (a *app) showCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show [PLANFILE]", Short: "Show the state, or a saved plan", GroupID: groupDeclare, Args: cobra.MaximumNArgs(1),
		Long: `Show what the state remembers, or what a saved plan would do. With -json a plan is printed in
Terraform's plan format, and the state in its state format, so that tools made for them read them.`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			if len(args) == 1 {
				return a.showPlan(c.Context(), args[0])
			}
			stored, err := a.openState(0)
			if err != nil {
				return err
			}
			st, err := a.readStored(c, stored)
			if err != nil {
				return err
			}
			a.view.State(st, stored.Checks(st))
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) showPlan(ctx context.Context, name string) error {
	saved, err := a.readPlan(ctx, &variables{}, stack.DefaultLockTimeout, name)
	if err != nil {
		return err
	}
	a.view.Plan(saved.Plan)
	a.view.Diagnostics(plan.Problems(saved.Plan.Checks), nil)
	return nil
}

// readState is the module's state with whatever an interrupted run left folded in.
func (a *app) readState(c *cobra.Command) (state.State, error) {
	stored, err := a.openState(0)
	if err != nil {
		return state.State{}, err
	}
	return a.readStored(c, stored)
}

func (a *app) readStored(c *cobra.Command, stored *stack.Stored) (state.State, error) {
	st, open, err := stored.Read(c.Context())
	if err == nil && len(open) > 0 {
		a.view.Notef("%d calls of an interrupted run are still open; the next plan or apply resolves them", len(open))
	}
	return st, err
}

// outputCommand prints outputs.
func (a *app) outputCommand() *cobra.Command {
	var asJSON, raw bool
	c := &cobra.Command{
		Use: "output [NAME]", Short: "Print the stack's outputs", GroupID: groupDeclare, Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			st, err := a.readState(c)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.oneOutput(st, args[0], raw)
			}
			if raw {
				return usageError{fmt.Errorf("-raw prints one output; name it")}
			}
			if len(st.Outputs) == 0 && !asJSON {
				return withHint(fmt.Errorf("the state has no outputs"), "Declare an output block and apply.")
			}
			a.view.Outputs(st.Outputs)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&raw, "raw", false, "print the string itself, without quotes")
	return c
}

func (a *app) oneOutput(st state.State, name string, raw bool) error {
	v, ok := st.Outputs[name]
	if !ok {
		var names []string
		for n := range st.Outputs {
			names = append(names, n)
		}
		return withHint(fmt.Errorf("the state has no output %q%s", name, suggest.Clause(name, names)), "Outputs are stored by apply; a sensitive output is never stored.")
	}
	if !raw {
		a.view.Output(v)
		return nil
	}
	switch v.(type) {
	case string, float64, bool, json.Number:
		_, err := fmt.Fprintf(a.proc.Stdout, "%v", v)
		return err
	}
	return fmt.Errorf("output %q is not a string, number or bool; use -json", name)
}
