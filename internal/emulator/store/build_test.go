package store

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A tree that is built at once is the one that grows from the same keys one by one, node for node.
func TestATreeBuiltAtOnceIsTheOneThatGrew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, _ := Open(Options{Memory: true})
		var base, want *tree
		key := rapid.StringMatching(`[ab\x{ff}]{0,3}`)
		b, sorted := builder{seed: db.seed}, map[string]*entry{}
		for _, k := range rapid.SliceOfN(key, 0, 30).Draw(t, "base") {
			sorted[k] = &entry{ref: k}
		}
		for _, k := range slices.Sorted(maps.Keys(sorted)) {
			b.add(k, sorted[k])
			want = want.set(db.seed, k, sorted[k])
		}
		base = b.tree()
		same(t, base, want)
		var more []binding
		for _, k := range rapid.SliceOfN(key, 0, 30).Draw(t, "more") {
			e := &entry{ref: k}
			more, want = append(more, binding{k, e}), want.set(db.seed, k, e)
		}
		same(t, base.with(db.seed, more), want)
		if base.len() != len(sorted) {
			t.Fatal("the tree that was built on changed")
		}
	})
}

func same(t *rapid.T, got, want *tree) {
	if got == nil || want == nil {
		if got != want {
			t.Fatalf("%v, want %v", got, want)
		}
		return
	}
	if got.key != want.key || got.entry != want.entry || got.size != want.size || got.priority != want.priority {
		t.Fatalf("%+v, want %+v", got, want)
	}
	same(t, got.left, want.left)
	same(t, got.right, want.right)
}
