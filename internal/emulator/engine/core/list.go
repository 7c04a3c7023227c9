package core

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// PageRequest asks for one page of a list.
type PageRequest struct {
	PageNumber *int64
	PageSize   *int64
}

// ListPage gives add the records of one page of an index and returns how many
// there are in all. Its cost is that of the page.
func ListPage[T any](tx *store.Tx, t store.Table[T], index, prefix string, p Page, add func(*T)) (total int) {
	n := 0
	for _, v := range t.ScanIndex(tx, index, prefix, p.Offset()) {
		if n == p.Size {
			break
		}
		add(v)
		n++
	}
	return t.CountIndex(tx, index, prefix)
}

// filters maps a filter key to the values that pass; several keys must all pass
// (KMS: ListKeys, Filters).
type filters map[string][]string

func ParseFilters(s string, known func(key string) bool) (filters, error) {
	if s == "" {
		return nil, nil
	}
	var items []struct {
		Key    string
		Values []string
	}
	if err := ParseJSON("Filters", s, &items); err != nil {
		return nil, err
	}
	if len(items) > filterLimit {
		return nil, ErrInvalidParameter("Filters")
	}
	passing := filters{}
	for _, item := range items {
		if !known(item.Key) || len(item.Values) > filterLimit {
			return nil, ErrInvalidParameter("Filters")
		}
		passing[item.Key] = append(passing[item.Key], item.Values...)
	}
	return passing, nil
}

// Match tells whether, for every key, one of the object's values is among those that pass.
func (f filters) Match(valuesOf func(key string) []string) bool {
	return f.MatchBy(func(key, value string) bool { return slices.Contains(valuesOf(key), value) })
}

// MatchBy tells whether, for every key, the object matches one of the values that pass.
func (f filters) MatchBy(matches func(key, value string) bool) bool {
	for key, values := range f {
		if len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return matches(key, v) }) {
			return false
		}
	}
	return true
}

// InstanceOf returns the key's instance; nil for a default key.
func (e *Engine) InstanceOf(tx *store.Tx, k *Key) (*KMSInstance, error) {
	if k.Instance == "" {
		return nil, nil
	}
	i, found := e.Table.Instances.Peek(tx, Scope(k.Account, k.Region, k.Instance))
	if !found {
		return nil, ErrInstanceNotFound()
	}
	return i, nil
}

// Cut returns one page of a list.
func Cut[T any](all []T, p Page) []T {
	from := min(p.Offset(), len(all))
	return all[from:min(from+p.Size, len(all))]
}
