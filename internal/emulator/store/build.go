package store

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// builder makes a tree of entries that come in the order of their keys, each key once, in linear time: a model of ten thousand
// keys that is opened would else copy a path of nodes for each of its entries.
type builder struct {
	seed  maphash.Seed
	spine []*tree // from the root along the right children, whose own right children and sizes are still open
}

func (b *builder) add(key string, e *entry) {
	x := &tree{key: key, entry: e, priority: maphash.String(b.seed, key)}
	x.left = b.close(func(t *tree) bool { return t.priority < x.priority })
	b.spine = append(b.spine, x)
}

// close finishes the lower end of the spine as far as it is below what comes, and returns its top.
func (b *builder) close(below func(*tree) bool) (last *tree) {
	for n := len(b.spine) - 1; n >= 0 && below(b.spine[n]); n-- {
		t := b.spine[n]
		t.right, t.size = last, 1+t.left.len()+last.len()
		last, b.spine = t, b.spine[:n]
	}
	return last
}

// tree is what was added; the builder is used up.
func (b *builder) tree() *tree { return b.close(func(*tree) bool { return true }) }

// binding is one key with its entry.
type binding struct {
	key string
	e   *entry
}

// with is the tree with many keys bound anew; of a key that comes twice, the later holds.
func (t *tree) with(seed maphash.Seed, more []binding) *tree {
	slices.SortStableFunc(more, func(a, b binding) int { return cmp.Compare(a.key, b.key) })
	b := builder{seed: seed}
	next := 0
	before := func(limit string, all bool) {
		for ; next < len(more) && (all || more[next].key < limit); next++ {
			if next+1 == len(more) || more[next+1].key != more[next].key {
				b.add(more[next].key, more[next].e)
			}
		}
	}
	for key, e := range t.from(0) {
		before(key, false)
		if next == len(more) || more[next].key != key {
			b.add(key, e)
		}
	}
	before("", true)
	return b.tree()
}
