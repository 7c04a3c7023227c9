package store

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// Table is a named collection of records of one type. It holds no data itself:
// every method works on the model a Tx shows. Attach tables to a DB before
// their first use.
type Table[T any] struct {
	name    string
	prefix  string
	clone   cloner
	indexes []Index[T]
}

// Index orders a table's records by something other than their key. Keys
// returns the record's places in it: none, one or several strings. Indexes live
// in memory only and are rebuilt when a DB is attached.
type Index[T any] struct {
	Name string
	Keys func(*T) []string
}

// entry is one place of the model. A record keeps its encoded form until its table
// is attached or it is written, and the decoded one from then on; index entries name the record they stand for and share
// its decoded form, so that walking an index needs no look-up.
type entry struct {
	plain []byte // JSON; nil for index entries and for decoded records
	value any    // *T, immutable; nil until attached
	ref   string // for index entries: the record's key
}

// encoded is the record's JSON.
func (e *entry) encoded() []byte {
	if e.plain != nil || e.value == nil {
		return e.plain
	}
	plain, err := json.Marshal(e.value)
	if err != nil { // it was encoded before it was kept
		panic("store: a record cannot be encoded any more: " + err.Error())
	}
	return plain
}

// NewTable names a table; indexes are optional. The name becomes part of the
// stored format. T must be a struct of plain values, slices and flat maps.
func NewTable[T any](name string, indexes ...Index[T]) Table[T] {
	return Table[T]{name: name, prefix: recordPrefix(name), clone: newCloner(reflect.TypeFor[T]()), indexes: indexes}
}

// Records stand below "r<table>\x00", indexes below "i<table>#<index>\x00".
func recordPrefix(table string) string { return "r" + table + "\x00" }

func (t Table[T]) indexPrefix(index string) string { return "i" + t.name + "#" + index + "\x00" }

// Name returns the table's name.
func (t Table[T]) Name() string { return t.name }

// Get returns a private copy of the record at key.
func (t Table[T]) Get(tx *Tx, key string) (T, bool) {
	if v, ok := t.Peek(tx, key); ok {
		return cloned(t.clone, v), true
	}
	var none T
	return none, false
}

// Peek returns the record at key without copying it. It is shared with every
// reader and must not be changed.
func (t Table[T]) Peek(tx *Tx, key string) (*T, bool) {
	e, ok := tx.root.get(t.prefix + key)
	if !ok {
		return nil, false
	}
	return e.value.(*T), true
}

// Put stores a copy of v at key.
func (t Table[T]) Put(tx *Tx, key string, v T) {
	plain, err := json.Marshal(&v)
	if err != nil {
		tx.fail(fmt.Errorf("encode %s %q: %w", t.name, key, err))
		return
	}
	kept := cloned(t.clone, &v)
	old, _ := t.Peek(tx, key)
	t.reindex(tx, key, old, &kept)
	tx.write(t.prefix+key, &entry{plain: plain, value: &kept})
}

// Delete removes the record at key, if any.
func (t Table[T]) Delete(tx *Tx, key string) {
	if old, ok := t.Peek(tx, key); ok {
		t.reindex(tx, key, old, nil)
		tx.write(t.prefix+key, nil)
	}
}

// Scan walks the records whose key begins with prefix, in key order, as private
// copies. Changes made while walking are not seen by the walk.
func (t Table[T]) Scan(tx *Tx, prefix string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for key, v := range t.PeekAll(tx, prefix) {
			if !yield(key, cloned(t.clone, v)) {
				return
			}
		}
	}
}

// PeekAll is Scan without copies; the records must not be changed.
func (t Table[T]) PeekAll(tx *Tx, prefix string) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		root := tx.root
		first, end := root.span(t.prefix + prefix)
		for key, e := range root.from(first) {
			if first++; first > end || !yield(strings.TrimPrefix(key, t.prefix), e.value.(*T)) {
				return
			}
		}
	}
}

// Count tells how many keys begin with prefix, in logarithmic time.
func (t Table[T]) Count(tx *Tx, prefix string) int {
	first, end := tx.root.span(t.prefix + prefix)
	return end - first
}

// ScanIndex walks the records whose key in the index begins with prefix, in the
// index's order, from position offset on. It yields the record's own key and
// the shared record, which must not be changed.
func (t Table[T]) ScanIndex(tx *Tx, index, prefix string, offset int) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		root := tx.root
		first, end := root.span(t.indexPrefix(index) + prefix)
		first += max(0, offset)
		for _, e := range root.from(first) {
			if first++; first > end {
				return
			}
			if !yield(e.ref, e.value.(*T)) {
				return
			}
		}
	}
}

// CountIndex tells how many places of the index begin with prefix.
func (t Table[T]) CountIndex(tx *Tx, index, prefix string) int {
	first, end := tx.root.span(t.indexPrefix(index) + prefix)
	return end - first
}

// FirstIndex returns the least place of the index and the key of the record
// that holds it.
func (t Table[T]) FirstIndex(tx *Tx, index string) (place, key string, ok bool) {
	prefix := t.indexPrefix(index)
	full, e := tx.root.ceiling(prefix)
	if e == nil || !strings.HasPrefix(full, prefix) {
		return "", "", false
	}
	return strings.TrimSuffix(strings.TrimPrefix(full, prefix), "\x00"+e.ref), e.ref, true
}

// reindex moves the record's index entries from old's places to new's.
func (t Table[T]) reindex(tx *Tx, key string, old, new *T) {
	for _, ix := range t.indexes {
		prefix := t.indexPrefix(ix.Name)
		var places []string
		if new != nil {
			places = ix.Keys(new)
		}
		if old != nil {
			for _, place := range ix.Keys(old) {
				if !slices.Contains(places, place) {
					tx.root = tx.root.without(prefix + place + "\x00" + key)
				}
			}
		}
		for _, place := range places {
			tx.root = tx.root.set(tx.seed, prefix+place+"\x00"+key, &entry{ref: key, value: new})
		}
	}
}

// attach decodes every record of the table and makes its index entries.
func (t Table[T]) attach(root *tree, bind func(string, *entry)) error {
	first, end := root.span(t.prefix)
	for full, e := range root.from(first) {
		if first++; first > end {
			break
		}
		key := strings.TrimPrefix(full, t.prefix)
		v, decoded := e.value.(*T)
		if !decoded {
			v = new(T)
			if err := json.Unmarshal(e.plain, v); err != nil {
				return fmt.Errorf("decode %s %q: %w", t.name, key, err)
			}
		}
		bind(full, &entry{value: v})
		for _, ix := range t.indexes {
			for _, place := range ix.Keys(v) {
				bind(t.indexPrefix(ix.Name)+place+"\x00"+key, &entry{ref: key, value: v})
			}
		}
	}
	return nil
}

// attach is the tree with the records of the tables decoded and indexed.
func (t *tree) attach(seed maphash.Seed, tables []attacher) (*tree, error) {
	var more []binding
	for _, table := range tables {
		if err := table.attach(t, func(key string, e *entry) { more = append(more, binding{key, e}) }); err != nil {
			return nil, err
		}
	}
	return t.with(seed, more), nil
}
