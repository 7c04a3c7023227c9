package engine

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// ListKeysRequest asks for one page of keys.
type ListKeysRequest struct {
	Filters    *string // JSON [{"Key":…,"Values":[…]}], ≤ 10
	PageNumber *int64
	PageSize   *int64
}

// ListKeysResponse is one page of keys, pending ones included.
type ListKeysResponse struct {
	Keys       struct{ Key []ListedKey }
	PageNumber int
	PageSize   int
	TotalCount int
}

// ListedKey names a key; DescribeKey tells the rest.
type ListedKey struct{ KeyArn, KeyId string }

func (e *Engine) listKeys(c *Call, in *ListKeysRequest) (*ListKeysResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMax)
	if err != nil {
		return nil, err
	}
	filters, err := parseFilters(text(in.Filters), knownKeyFilter)
	if err != nil {
		return nil, err
	}
	out := &ListKeysResponse{PageNumber: p.number, PageSize: p.size}
	out.Keys.Key = make([]ListedKey, 0, p.size)
	err = e.view(func(tx *store.Tx) error {
		add := func(k *Key) { out.Keys.Key = append(out.Keys.Key, ListedKey{keyARN(k), k.ID}) }
		if len(filters) == 0 {
			out.TotalCount = listPage(tx, e.table.keys, byCreation, c.scope(""), p, add)
			return nil
		}
		for _, k := range e.table.keys.ScanIndex(tx, byCreation, c.scope(""), 0) {
			if filters.match(k.filterValue) {
				if out.TotalCount >= p.offset() && len(out.Keys.Key) < p.size {
					add(k)
				}
				out.TotalCount++
			}
		}
		return nil
	})
	return out, err
}

// listPage gives add the records of one page of an index and returns how many
// there are in all. Its cost is that of the page.
func listPage[T any](tx *store.Tx, t store.Table[T], index, prefix string, p page, add func(*T)) (total int) {
	n := 0
	for _, v := range t.ScanIndex(tx, index, prefix, p.offset()) {
		if n == p.size {
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

func parseFilters(s string, known func(key string) bool) (filters, error) {
	if s == "" {
		return nil, nil
	}
	var items []struct {
		Key    string
		Values []string
	}
	if err := parseJSON("Filters", s, &items); err != nil {
		return nil, err
	}
	if len(items) > filterLimit {
		return nil, errInvalidParameter("Filters")
	}
	passing := filters{}
	for _, item := range items {
		if !known(item.Key) || len(item.Values) > filterLimit {
			return nil, errInvalidParameter("Filters")
		}
		passing[item.Key] = append(passing[item.Key], item.Values...)
	}
	return passing, nil
}

func (f filters) match(value func(key string) string) bool {
	for key, values := range f {
		if len(values) > 0 && !slices.Contains(values, value(key)) {
			return false
		}
	}
	return true
}

var keyFilterValues = map[string]func(*Key) string{
	"KeyState":        func(k *Key) string { return k.State },
	"KeySpec":         func(k *Key) string { return k.Spec },
	"KeyUsage":        func(k *Key) string { return k.Usage },
	"ProtectionLevel": func(k *Key) string { return k.ProtectionLevel },
	"CreatorType":     func(k *Key) string { return k.CreatorType },
	"DKMSInstanceId":  func(k *Key) string { return k.Instance },
}

func knownKeyFilter(key string) bool { return keyFilterValues[key] != nil }

func (k *Key) filterValue(key string) string { return keyFilterValues[key](k) }
