package apply

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/dag"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// node is one step in the order it has to keep.
type node struct {
	Step
	waits int     // steps that must end first
	next  []*node // steps that wait for this one
	out   *Outcome

	// keeps are all files that the plan has of a data block: what else the census has of it is forgotten.
	keeps map[string]bool
	// because says, of a rescue whose other calls need a step that was not done, why it is only a rescue.
	because string
}

// graph holds the plan's steps in plan order.
type graph struct {
	nodes  []*node
	byAddr map[addr.Address]*node
	edges  map[[2]*node]bool
}

// newGraph orders a plan. A step waits for what the plan says it depends on; a
// data block for what its expressions use, and for what writes its files. What is taken away also waits for those
// that state knows to depend on it: an alias is re-pointed or deleted before its key is retired.
func newGraph(p *plan.Plan, cfg *hcl.Config, st state.State) (*graph, error) {
	g := planGraph(p, cfg)
	g.orderFiles()
	g.releaseFirst(st)
	if g.cycle() == nil {
		return g, nil
	}
	g = planGraph(p, cfg) // the plan's own order wins over what state remembers, and over files in a circle
	if path := g.cycle(); path != nil {
		return nil, fmt.Errorf("the plan's changes wait for each other: %s; this is a defect of the plan, nothing was called", strings.Join(path, " → "))
	}
	return g, nil
}

func planGraph(p *plan.Plan, cfg *hcl.Config) *graph {
	g := &graph{byAddr: make(map[addr.Address]*node, len(p.Changes)), edges: map[[2]*node]bool{}}
	for i := range p.Changes {
		c := &p.Changes[i]
		g.add(&node{Step: Step{Addr: c.Addr, Action: c.Action, Change: c}})
	}
	for i := range p.Lookups {
		if l := &p.Lookups[i]; l.Deferred != "" && l.Addr.Check == "" {
			g.add(&node{Step: Step{Addr: l.Addr, Action: plan.Read, Lookup: l}})
		}
	}
	keeps := map[addr.Address]map[string]bool{}
	for _, f := range p.Files {
		if keeps[f.Addr] == nil {
			keeps[f.Addr] = map[string]bool{}
		}
		keeps[f.Addr][f.Path] = true
		if f.Action == plan.NoOp && f.Problem == "" {
			continue
		}
		if n := g.byAddr[f.Addr]; n != nil {
			n.Files = append(n.Files, f)
			if n.Action == plan.NoOp {
				n.Action = f.Action
			}
			continue
		}
		g.add(&node{Step: Step{Addr: f.Addr, Action: f.Action, Files: []plan.FileChange{f}}, keeps: keeps[f.Addr]})
	}
	for _, n := range g.nodes {
		for _, a := range dependencies(n, cfg) {
			g.order(g.byAddr[a], n)
		}
	}
	return g
}

// orderFiles makes a data block wait for what writes the files it reads. A rewrap reads what it writes.
func (g *graph) orderFiles() {
	writers := map[string][]*node{}
	for _, n := range g.nodes {
		for _, f := range n.Files {
			writers[path.Clean(f.Path)] = append(writers[path.Clean(f.Path)], n)
		}
	}
	for _, n := range g.nodes {
		for _, f := range n.Files {
			for _, w := range writers[path.Clean(f.Source)] {
				if w.Addr.Kind != n.Addr.Kind {
					g.order(w, n)
				}
			}
		}
	}
}

// onlyOrders reports whether the second of two steps waits for the first and does not need it: the good
// files are done whatever becomes of others.
func onlyOrders(first, second *node) bool {
	return first.Change == nil && second.Change == nil && first.Lookup == nil && second.Lookup == nil
}

func dependencies(n *node, cfg *hcl.Config) []addr.Address {
	if n.Change != nil {
		return n.Change.DependsOn
	}
	return cfg.DependsOn(n.Addr)
}

func (g *graph) add(n *node) {
	g.nodes = append(g.nodes, n)
	g.byAddr[n.Addr] = n
}

// order makes second wait for first; either may be absent from the plan.
func (g *graph) order(first, second *node) {
	if first == nil || second == nil || first == second || g.edges[[2]*node{first, second}] {
		return
	}
	g.edges[[2]*node{first, second}] = true
	first.next = append(first.next, second)
	second.waits++
}

// releaseFirst makes everything that is taken away wait for the changes of what
// depends on it in state.
func (g *graph) releaseFirst(st state.State) {
	for _, r := range st.Resources {
		dependant := g.find(r.Address)
		if dependant == nil || dependant.Action == plan.NoOp {
			continue
		}
		for _, d := range r.DependsOn {
			if taken := g.find(d); taken != nil && taken.Action.Destructive() && !safety.Off(safety.UsersFirst) {
				g.order(dependant, taken)
			}
		}
	}
}

func (g *graph) find(address string) *node {
	a, err := addr.Parse(address)
	if err != nil {
		return nil // the planner reports unreadable addresses
	}
	return g.byAddr[a]
}

// cycle returns the addresses of steps that wait for each other, in a circle, or nil.
func (g *graph) cycle() []string {
	var waiting dag.Graph[*node]
	for _, n := range g.nodes {
		waiting.Add(n)
		for _, m := range n.next {
			waiting.Need(m, n)
		}
	}
	_, cycles := waiting.Order()
	if len(cycles) == 0 {
		return nil
	}
	var path []string
	for _, n := range slices.Backward(cycles[0].Path) { // who waits for whom, read as who goes before whom
		path = append(path, n.Addr.String())
	}
	return path
}
