package store

import (
	"hash/maphash"
	"iter"
	"strings"
)

// tree is an immutable ordered map: every change returns a new tree that shares
// all untouched nodes with the old one, so a snapshot is one pointer. It is a
// treap whose priorities are hashes of the keys; size makes counting a range
// and finding its n-th entry logarithmic.
type tree struct {
	key         string
	entry       *entry
	priority    uint64
	size        int
	left, right *tree
}

func (t *tree) len() int {
	if t == nil {
		return 0
	}
	return t.size
}

// node copies t with other children.
func (t *tree) node(left, right *tree) *tree {
	return &tree{t.key, t.entry, t.priority, 1 + left.len() + right.len(), left, right}
}

func (t *tree) get(key string) (*entry, bool) {
	for t != nil {
		switch strings.Compare(key, t.key) {
		case 0:
			return t.entry, true
		case -1:
			t = t.left
		default:
			t = t.right
		}
	}
	return nil, false
}

// set returns the tree with key bound to e.
func (t *tree) set(seed maphash.Seed, key string, e *entry) *tree {
	return t.insert(&tree{key: key, entry: e, priority: maphash.String(seed, key), size: 1})
}

func (t *tree) insert(x *tree) *tree {
	if t == nil {
		return x
	}
	if x.priority > t.priority {
		// Equal keys have equal priorities, so x's key cannot be below t here.
		left, right := t.split(x.key)
		return x.node(left, right)
	}
	switch strings.Compare(x.key, t.key) {
	case 0:
		return &tree{t.key, x.entry, t.priority, t.size, t.left, t.right}
	case -1:
		return t.node(t.left.insert(x), t.right)
	default:
		return t.node(t.left, t.right.insert(x))
	}
}

// split divides the tree into keys below and not below key.
func (t *tree) split(key string) (below, rest *tree) {
	if t == nil {
		return nil, nil
	}
	if t.key < key {
		below, rest = t.right.split(key)
		return t.node(t.left, below), rest
	}
	below, rest = t.left.split(key)
	return below, t.node(rest, t.right)
}

// without returns the tree without key.
func (t *tree) without(key string) *tree {
	if t == nil {
		return nil
	}
	switch strings.Compare(key, t.key) {
	case 0:
		return join(t.left, t.right)
	case -1:
		if left := t.left.without(key); left != t.left {
			return t.node(left, t.right)
		}
	default:
		if right := t.right.without(key); right != t.right {
			return t.node(t.left, right)
		}
	}
	return t
}

func join(left, right *tree) *tree {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.priority > right.priority:
		return left.node(left.left, join(left.right, right))
	default:
		return right.node(join(left, right.left), right.right)
	}
}

// ceiling finds the least key that is not below key; e is nil if there is none.
func (t *tree) ceiling(key string) (found string, e *entry) {
	for t != nil {
		if t.key < key {
			t = t.right
		} else {
			found, e = t.key, t.entry
			t = t.left
		}
	}
	return found, e
}

// rank counts the keys below key.
func (t *tree) rank(key string) int {
	n := 0
	for t != nil {
		if t.key < key {
			n += 1 + t.left.len()
			t = t.right
		} else {
			t = t.left
		}
	}
	return n
}

// from walks the entries from rank n on, in key order.
func (t *tree) from(n int) iter.Seq2[string, *entry] {
	return func(yield func(string, *entry) bool) { t.walk(n, yield) }
}

func (t *tree) walk(skip int, yield func(string, *entry) bool) bool {
	if t == nil || skip >= t.size {
		return true
	}
	left := t.left.len()
	if skip < left && !t.left.walk(skip, yield) {
		return false
	}
	if skip <= left && !yield(t.key, t.entry) {
		return false
	}
	return t.right.walk(max(0, skip-left-1), yield)
}

// span returns the ranks [first, end) of the keys that begin with prefix.
func (t *tree) span(prefix string) (first, end int) {
	first = t.rank(prefix)
	if after := afterPrefix(prefix); after != "" {
		return first, t.rank(after)
	}
	return first, t.len()
}

// afterPrefix is the least string above every string that begins with prefix,
// or "" when there is none.
func afterPrefix(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}
