package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// showCommand shows the state or a saved plan.
func (a *app) showCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show [PLANFILE]", Short: "Show the state, or a saved plan", GroupID: groupDeclare, Args: cobra.MaximumNArgs(1),
		Long: `Show what the state remembers, or what a saved plan would do. With -json a plan is printed in
Terraform's plan format, so that tools made for it read it.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.showPlan(args[0], asJSON)
			}
			st, err := a.readState(c)
			if err != nil {
				return err
			}
			if asJSON {
				return a.term.Value(st)
			}
			for _, r := range st.Resources {
				a.term.Resource(r)
			}
			a.term.Census(st.Files)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) showPlan(name string, asJSON bool) error {
	p, err := a.readPlan(name)
	if err != nil {
		return err
	}
	if !asJSON {
		a.term.Plan(p, a.now())
		return nil
	}
	b, err := view.PlanJSON(p, version.Number)
	if err != nil {
		return fmt.Errorf("render the plan: %w", err)
	}
	return a.term.JSON(b)
}

// readState is the module's state with whatever an interrupted run left folded in.
func (a *app) readState(c *cobra.Command) (state.State, error) {
	stored, err := a.openState()
	if err != nil {
		return state.State{}, err
	}
	st, open, err := stored.Read(c.Context())
	if err == nil && len(open) > 0 {
		a.term.Notef("%d calls of an interrupted run are still open; the next plan or apply resolves them", len(open))
	}
	return st, err
}

// outputCommand prints outputs.
func (a *app) outputCommand() *cobra.Command {
	var asJSON, raw bool
	c := &cobra.Command{
		Use: "output [NAME]", Short: "Print the stack's outputs", GroupID: groupDeclare, Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
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
			if asJSON {
				return a.term.Value(outputsJSON(st))
			}
			if len(st.Outputs) == 0 {
				return withHint(fmt.Errorf("the state has no outputs"), "Declare an output block and apply.")
			}
			a.term.Outputs(st.Outputs)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&raw, "raw", false, "print the string itself, without quotes")
	return c
}

func outputsJSON(st state.State) map[string]any {
	out := map[string]any{}
	for name, v := range st.Outputs {
		out[name] = map[string]any{"sensitive": false, "value": v}
	}
	return out
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
		return a.term.Value(v)
	}
	switch v.(type) {
	case string, float64, bool, json.Number:
		a.term.Printf("%v", v)
		return nil
	}
	return fmt.Errorf("output %q is not a string, number or bool; use -json", name)
}
