package dag

import "slices"

// Graph holds nodes and what each needs. Whatever it answers depends only on the order in which
// nodes and needs were added.
type Graph[N comparable] struct {
	nodes []N
	needs map[N][]N // by node, for every node that was added
}

// Add adds a node; adding it again does nothing.
func (g *Graph[N]) Add(n N) {
	if g.needs == nil {
		g.needs = map[N][]N{}
	}
	if _, there := g.needs[n]; there {
		return
	}
	g.nodes = append(g.nodes, n)
	g.needs[n] = nil
}

// Need makes n wait for the others. Those that are never added, and repetitions, do not count.
func (g *Graph[N]) Need(n N, others ...N) {
	g.Add(n)
	g.needs[n] = append(g.needs[n], others...)
}

// Has reports whether the node was added.
func (g *Graph[N]) Has(n N) bool {
	_, there := g.needs[n]
	return there
}

// Needs returns what n waits for, each once, in the order given.
func (g *Graph[N]) Needs(n N) []N {
	seen := make(map[N]bool, len(g.needs[n]))
	var out []N
	for _, m := range g.needs[n] {
		if g.Has(m) && !seen[m] {
			seen[m] = true
			out = append(out, m)
		}
	}
	return out
}

// Cycle is one set of nodes that wait for each other.
type Cycle[N comparable] struct {
	Members []N // in the order of Order
	Path    []N // a shortest way from the first member back to it; both ends are that member
}

// Order returns all nodes, each after those it needs, and otherwise in the order they were added.
// Nodes that wait for each other cannot be ordered: they stand together, and are named.
func (g *Graph[N]) Order() ([]N, []Cycle[N]) {
	s := &search[N]{graph: g, at: make(map[N]*visit, len(g.nodes))}
	for _, n := range g.nodes {
		if s.at[n] == nil {
			s.visit(n)
		}
	}
	return s.order, s.cycles
}

// Ranks returns the nodes by how many others have to be done one after the other before them:
// those of one rank do not need each other. Nodes that wait for each other, and what needs them, are in none.
func (g *Graph[N]) Ranks() [][]N {
	order, cycles := g.Order()
	stuck := map[N]bool{}
	for _, c := range cycles {
		for _, n := range c.Members {
			stuck[n] = true
		}
	}
	rank := make(map[N]int, len(order))
	most := -1
	for _, n := range order {
		for _, m := range g.Needs(n) {
			stuck[n] = stuck[n] || stuck[m]
			rank[n] = max(rank[n], rank[m]+1)
		}
		if !stuck[n] {
			most = max(most, rank[n])
		}
	}
	ranks := make([][]N, most+1)
	for _, n := range g.nodes {
		if !stuck[n] {
			ranks[rank[n]] = append(ranks[rank[n]], n)
		}
	}
	return ranks
}

// visit is what Tarjan's algorithm knows of a node.
type visit struct {
	index, low int
	open       bool
}

// search is Tarjan's algorithm: strongly connected components come out dependencies first.
type search[N comparable] struct {
	graph  *Graph[N]
	at     map[N]*visit
	stack  []N
	order  []N
	cycles []Cycle[N]
}

func (s *search[N]) visit(n N) *visit {
	v := &visit{index: len(s.at) + 1, low: len(s.at) + 1, open: true}
	s.at[n] = v
	s.stack = append(s.stack, n)
	for _, m := range s.graph.Needs(n) {
		if w := s.at[m]; w == nil {
			v.low = min(v.low, s.visit(m).low)
		} else if w.open {
			v.low = min(v.low, w.index)
		}
	}
	if v.low == v.index {
		s.component(n)
	}
	return v
}

// component takes the finished component of root off the stack.
func (s *search[N]) component(root N) {
	from := slices.Index(s.stack, root)
	members := slices.Clone(s.stack[from:])
	s.stack = s.stack[:from]
	for _, n := range members {
		s.at[n].open = false
	}
	s.order = append(s.order, members...)
	if len(members) > 1 || slices.Contains(s.graph.needs[root], root) {
		s.cycles = append(s.cycles, Cycle[N]{Members: members, Path: s.graph.shortest(root, members)})
	}
}

// shortest walks from root through members back to root, breadth first.
func (g *Graph[N]) shortest(root N, members []N) []N {
	inside := make(map[N]bool, len(members))
	for _, n := range members {
		inside[n] = true
	}
	from := map[N]N{}
	for queue := []N{root}; len(queue) > 0; queue = queue[1:] {
		for _, m := range g.needs[queue[0]] {
			if m == root {
				path := []N{root}
				for n := queue[0]; n != root; n = from[n] {
					path = append(path, n)
				}
				slices.Reverse(path)
				return append([]N{root}, path...)
			}
			if _, seen := from[m]; inside[m] && !seen {
				from[m] = queue[0]
				queue = append(queue, m)
			}
		}
	}
	return []N{root}
}
