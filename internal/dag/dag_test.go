package dag_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/dag"
)

// parse reads "a: b c" as: a needs b and c.
func parse(lines ...string) *dag.Graph[string] {
	g := &dag.Graph[string]{}
	for _, l := range lines {
		n, needs, _ := strings.Cut(l, ":")
		g.Need(n, strings.Fields(needs)...)
	}
	return g
}

func TestOrderPutsNeedsFirstAndKeepsTheGivenOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		lines, order []string
		ranks        [][]string
	}{
		"empty":        {nil, nil, [][]string{}},
		"independent":  {[]string{"c", "a", "b"}, []string{"c", "a", "b"}, [][]string{{"c", "a", "b"}}},
		"chain":        {[]string{"a: b", "b: c", "c"}, []string{"c", "b", "a"}, [][]string{{"c"}, {"b"}, {"a"}}},
		"diamond":      {[]string{"d: b c", "b: a", "c: a", "a"}, []string{"a", "b", "c", "d"}, [][]string{{"a"}, {"b", "c"}, {"d"}}},
		"not added":    {[]string{"a: elsewhere"}, []string{"a"}, [][]string{{"a"}}},
		"repeated":     {[]string{"a: b b", "b", "a: b"}, []string{"b", "a"}, [][]string{{"b"}, {"a"}}},
		"longest path": {[]string{"a", "b: a", "c: a b"}, []string{"a", "b", "c"}, [][]string{{"a"}, {"b"}, {"c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			g := parse(tt.lines...)
			order, cycles := g.Order()
			if !slices.Equal(order, tt.order) || len(cycles) > 0 {
				t.Errorf("order %v, cycles %v; want %v", order, cycles, tt.order)
			}
			if got := g.Ranks(); !reflect.DeepEqual(got, tt.ranks) {
				t.Errorf("ranks %v, want %v", got, tt.ranks)
			}
		})
	}
}

func TestACycleIsNamedByItsShortestPath(t *testing.T) {
	for name, tt := range map[string]struct {
		lines   []string
		path    string
		members int
		ranks   [][]string
	}{
		"itself":          {[]string{"a: a", "b"}, "a a", 1, [][]string{{"b"}}},
		"two":             {[]string{"a: b", "b: a", "c: a", "d"}, "a b a", 2, [][]string{{"d"}}},
		"shortcut":        {[]string{"a: b", "b: c d", "c: d", "d: a"}, "a b d a", 4, [][]string{}},
		"what it needs":   {[]string{"a: b x", "b: a", "x"}, "a b a", 2, [][]string{{"x"}}},
		"deep inside one": {[]string{"r: a", "a: b", "b: a"}, "a b a", 2, [][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			g := parse(tt.lines...)
			_, cycles := g.Order()
			if len(cycles) != 1 || strings.Join(cycles[0].Path, " ") != tt.path || len(cycles[0].Members) != tt.members {
				t.Fatalf("cycles %v, want %s", cycles, tt.path)
			}
			if got := g.Ranks(); !reflect.DeepEqual(got, tt.ranks) {
				t.Errorf("ranks %v, want %v", got, tt.ranks)
			}
		})
	}
}

func TestAnyGraphIsOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		g := &dag.Graph[int]{}
		for i := range n {
			g.Need(i, rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 4).Draw(t, fmt.Sprint("needs of ", i))...)
		}
		order, cycles := g.Order()
		place, component := map[int]int{}, map[int]int{}
		for i, m := range order {
			place[m], component[m] = i, -1-i
		}
		for c, cycle := range cycles {
			for _, m := range cycle.Members {
				component[m] = c
			}
			for i := range len(cycle.Path) - 1 {
				if !slices.Contains(g.Needs(cycle.Path[i]), cycle.Path[i+1]) {
					t.Fatalf("the path %v is none", cycle.Path)
				}
			}
		}
		if len(place) != n {
			t.Fatalf("%d of %d nodes ordered", len(place), n)
		}
		for i := range n {
			for _, m := range g.Needs(i) {
				if place[m] > place[i] && component[m] != component[i] {
					t.Fatalf("%d stands before %d, which it needs: %v", i, m, order)
				}
			}
		}
		for r, rank := range g.Ranks() {
			for _, m := range rank {
				for _, need := range g.Needs(m) {
					if !slices.ContainsFunc(g.Ranks()[:r], func(earlier []int) bool { return slices.Contains(earlier, need) }) {
						t.Fatalf("%d of rank %d needs %d, which is in no earlier one", m, r, need)
					}
				}
			}
		}
	})
}
