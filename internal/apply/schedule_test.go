package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// drawGraph draws a plan in which every change may depend on earlier ones.
func drawGraph(t *rapid.T) (*graph, [][]int) {
	n := rapid.IntRange(1, 25).Draw(t, "changes")
	p, needs := &plan.Plan{}, make([][]int, n)
	for i := range n {
		c := plan.Change{Addr: addr.Resource("key", fmt.Sprint("k", i)), Action: plan.Create}
		for j := range i {
			if rapid.IntRange(0, 4).Draw(t, "edge") == 0 {
				c.DependsOn = append(c.DependsOn, p.Changes[j].Addr)
				needs[i] = append(needs[i], j)
			}
		}
		p.Changes = append(p.Changes, c)
	}
	g, err := newGraph(p, &hcl.Config{}, state.State{})
	if err != nil {
		t.Fatal(err)
	}
	return g, needs
}

func TestTheScheduleKeepsItsOrderAndItsFailuresApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, needs := drawGraph(t)
		fails := rapid.SliceOfN(rapid.IntRange(0, 9), len(g.nodes), len(g.nodes)).Draw(t, "fails")
		most := rapid.IntRange(1, 6).Draw(t, "parallelism")
		index := map[*node]int{}
		for i, n := range g.nodes {
			index[n] = i
		}
		var mu sync.Mutex
		running, done := 0, map[int]bool{}
		s := &schedule{
			graph: g, parallelism: most, broken: func() error { return nil },
			started: func(*node) {}, ended: func(*node) {},
			run: func(_ context.Context, n *node) Outcome {
				mu.Lock()
				defer mu.Unlock()
				if running++; running > most {
					t.Errorf("%d steps at once, at most %d are allowed", running, most)
				}
				for _, d := range needs[index[n]] {
					if !done[d] {
						t.Errorf("%s started before key.k%d was done", n.Addr, d)
					}
				}
				running--
				if fails[index[n]] == 0 {
					return Outcome{Status: Failed, Err: errors.New("refused")}
				}
				done[index[n]] = true
				return Outcome{}
			},
		}
		if s.execute(t.Context()) {
			t.Fatal("it says it was interrupted")
		}
		want := make([]Status, len(g.nodes))
		for i, n := range g.nodes {
			if fails[i] == 0 {
				want[i] = Failed
			}
			for _, d := range needs[i] {
				if want[d] != Done {
					want[i] = Skipped
				}
			}
			if n.out == nil || n.out.Status != want[i] {
				t.Fatalf("%s ended as %+v, want %v", n.Addr, n.out, want[i])
			}
		}
	})
}

func TestABrokenJournalStartsNothingMore(t *testing.T) {
	p := &plan.Plan{}
	for i := range 5 {
		p.Changes = append(p.Changes, plan.Change{Addr: addr.Resource("key", fmt.Sprint("k", i)), Action: plan.Create})
	}
	g, err := newGraph(p, &hcl.Config{}, state.State{})
	if err != nil {
		t.Fatal(err)
	}
	var broken error
	ran := 0
	s := &schedule{
		graph: g, parallelism: 1, broken: func() error { return broken }, started: func(*node) {}, ended: func(*node) {},
		run: func(context.Context, *node) Outcome {
			if ran++; ran == 2 {
				broken = errors.New("disk full")
			}
			return Outcome{}
		},
	}
	if s.execute(t.Context()); ran != 2 || g.nodes[4].out.Status != Skipped {
		t.Errorf("%d steps ran, the last ended as %+v", ran, g.nodes[4].out)
	}
}

func change(action plan.Action, name string, dependsOn ...string) plan.Change {
	c := plan.Change{Addr: addr.Resource("key", name), Action: action}
	for _, d := range dependsOn {
		c.DependsOn = append(c.DependsOn, addr.Resource("key", d))
	}
	return c
}

func remembered(name string, dependsOn ...string) state.Resource {
	r := state.Resource{Address: "key." + name}
	for _, d := range dependsOn {
		r.DependsOn = append(r.DependsOn, "key."+d)
	}
	return r
}

func TestTheOrderOfTakingAway(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes []plan.Change
		state   []state.Resource
		first   string
		second  string
	}{
		{"a user that is deleted goes first", []plan.Change{change(plan.Retire, "used"), change(plan.Delete, "user")},
			[]state.Resource{remembered("user", "used")}, "user", "used"},
		{"a user that moves on goes first", []plan.Change{change(plan.Retire, "used"), change(plan.Update, "user", "other"), change(plan.Create, "other")},
			[]state.Resource{remembered("user", "used")}, "user", "used"},
		{"the plan's order wins", []plan.Change{change(plan.Delete, "used"), change(plan.Update, "user", "used")},
			[]state.Resource{remembered("user", "used")}, "used", "user"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := newGraph(&plan.Plan{Changes: tt.changes}, &hcl.Config{}, state.State{Resources: tt.state})
			if err != nil {
				t.Fatal(err)
			}
			first, second := g.find("key."+tt.first), g.find("key."+tt.second)
			if !g.edges[[2]*node{first, second}] || g.edges[[2]*node{second, first}] {
				t.Errorf("%s does not wait for %s", tt.second, tt.first)
			}
		})
	}
}

func TestChangesThatWaitForEachOtherAreAnError(t *testing.T) {
	_, err := newGraph(&plan.Plan{Changes: []plan.Change{change(plan.Create, "a", "b"), change(plan.Create, "b", "a")}}, &hcl.Config{}, state.State{})
	if err == nil {
		t.Error("a cycle was accepted")
	}
}
