package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// graphCommand draws what depends on what.
func (a *app) graphCommand() *cobra.Command {
	vars := &variables{}
	var format, planned string
	var asJSON bool
	c := &cobra.Command{
		Use: "graph", Short: "Draw what depends on what, for Graphviz or Mermaid", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Print the blocks of the module, or the changes of a saved plan, and what each depends on: an
arrow points to what comes first. Nothing is called.

    kmsplan graph | dot -Tsvg > graph.svg
    kmsplan graph -format mermaid`,
		RunE: func(c *cobra.Command, _ []string) error {
			a.answerIn(asJSON)
			if !asJSON && format != "dot" && format != "mermaid" {
				return usageError{fmt.Errorf("-format is dot or mermaid, not %q", format)}
			}
			g, err := a.graph(c.Context(), vars, planned)
			if err != nil {
				return err
			}
			lines := g.DOT()
			if format == "mermaid" {
				lines = g.Mermaid()
			}
			a.view.Listed(g, lines...)
			return nil
		},
	}
	vars.flags(c)
	c.Flags().StringVar(&format, "format", "dot", "dot, or mermaid")
	c.Flags().StringVar(&planned, "plan", "", "draw the plan saved in `FILE`, with the sign of each change")
	c.Flags().BoolVar(&asJSON, "json", false, "print the nodes and what they depend on as JSON")
	return c
}

func (a *app) graph(ctx context.Context, vars *variables, planned string) (view.Graph, error) {
	if planned != "" {
		saved, err := a.readPlan(ctx, vars, stack.DefaultLockTimeout, planned)
		if err != nil {
			return view.Graph{}, err
		}
		return planGraph(saved.Plan), nil
	}
	cfg, diags := a.load(vars, true)
	if a.view.Diagnostics(diags, cfg.Files); diags.HasErrors() {
		return view.Graph{}, exit{exitError}
	}
	return configGraph(cfg), nil
}

// configGraph has every instance of every block.
func configGraph(cfg *hcl.Config) view.Graph {
	var g view.Graph
	declared := map[addr.Address]bool{}
	for _, b := range cfg.Blocks {
		for _, in := range b.Instances {
			declared[in] = true
		}
	}
	for _, b := range slices.Concat(cfg.Blocks, cfg.Batches) {
		for _, in := range b.Instances {
			g.Nodes = append(g.Nodes, node(in, "", cfg.DependsOn(in), declared))
		}
	}
	return g
}

// planGraph has every change of a plan.
func planGraph(p *plan.Plan) view.Graph {
	var g view.Graph
	changed := map[addr.Address]bool{}
	for i := range p.Changes {
		changed[p.Changes[i].Addr] = true
	}
	for i := range p.Lookups {
		changed[p.Lookups[i].Addr] = true
	}
	for i := range p.Lookups {
		l := &p.Lookups[i]
		g.Nodes = append(g.Nodes, node(l.Addr, plan.Read.Sign(), l.DependsOn, changed))
	}
	for i := range p.Changes {
		sign := p.Changes[i].Action.Sign()
		if p.Changes[i].Action == plan.NoOp {
			sign = ""
		}
		g.Nodes = append(g.Nodes, node(p.Changes[i].Addr, sign, p.Changes[i].DependsOn, changed))
	}
	return g
}

func node(a addr.Address, action string, on []addr.Address, there map[addr.Address]bool) view.GraphNode {
	n := view.GraphNode{Address: a.String(), Action: action, DependsOn: []string{}}
	for _, d := range on {
		if there[d] {
			n.DependsOn = append(n.DependsOn, d.String())
		}
	}
	slices.Sort(n.DependsOn)
	return n
}
