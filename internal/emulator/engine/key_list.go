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
	filters, err := parseKeyFilters(text(in.Filters))
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
			if filters.match(k) {
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

// keyFilters maps a filter key to the values that pass; several keys must all
// pass (KMS: ListKeys, Filters).
type keyFilters map[string][]string

func parseKeyFilters(s string) (keyFilters, error) {
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
	filters := keyFilters{}
	for _, item := range items {
		if _, known := (&Key{}).filterValue(item.Key); !known || len(item.Values) > filterLimit {
			return nil, errInvalidParameter("Filters")
		}
		filters[item.Key] = append(filters[item.Key], item.Values...)
	}
	return filters, nil
}

func (f keyFilters) match(k *Key) bool {
	for key, values := range f {
		value, _ := k.filterValue(key)
		if len(values) > 0 && !slices.Contains(values, value) {
			return false
		}
	}
	return true
}

func (k *Key) filterValue(key string) (value string, known bool) {
	switch key {
	case "KeyState":
		return k.State, true
	case "KeySpec":
		return k.Spec, true
	case "KeyUsage":
		return k.Usage, true
	case "ProtectionLevel":
		return k.ProtectionLevel, true
	case "CreatorType":
		return k.CreatorType, true
	case "DKMSInstanceId":
		return k.Instance, true
	default:
		return "", false
	}
}
