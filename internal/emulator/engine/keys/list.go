package keys

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
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

func listKeys(e *core.Engine, c *core.Call, in *ListKeysRequest) (*ListKeysResponse, error) {
	p, err := core.PageOf(in.PageNumber, in.PageSize, core.PageSizeMax)
	if err != nil {
		return nil, err
	}
	filters, err := core.ParseFilters(core.Text(in.Filters), knownKeyFilter)
	if err != nil {
		return nil, err
	}
	out := &ListKeysResponse{PageNumber: p.Number, PageSize: p.Size}
	out.Keys.Key = make([]ListedKey, 0, p.Size)
	err = e.View(func(tx *store.Tx) error {
		add := func(k *core.Key) { out.Keys.Key = append(out.Keys.Key, ListedKey{core.KeyARN(k), k.ID}) }
		if len(filters) == 0 {
			out.TotalCount = core.ListPage(tx, e.Table.Keys, core.ByCreation, c.Scope(""), p, add)
			return nil
		}
		for _, k := range e.Table.Keys.ScanIndex(tx, core.ByCreation, c.Scope(""), 0) {
			if filters.Match(func(key string) string { return filterValue(k, key) }) {
				if out.TotalCount >= p.Offset() && len(out.Keys.Key) < p.Size {
					add(k)
				}
				out.TotalCount++
			}
		}
		return nil
	})
	return out, err
}

var keyFilterValues = map[string]func(*core.Key) string{
	"KeyState":        func(k *core.Key) string { return k.State },
	"KeySpec":         func(k *core.Key) string { return k.Spec },
	"KeyUsage":        func(k *core.Key) string { return k.Usage },
	"ProtectionLevel": func(k *core.Key) string { return k.ProtectionLevel },
	"CreatorType":     func(k *core.Key) string { return k.CreatorType },
	"DKMSInstanceId":  func(k *core.Key) string { return k.Instance },
}

func knownKeyFilter(key string) bool { return keyFilterValues[key] != nil }

func filterValue(k *core.Key, key string) string { return keyFilterValues[key](k) }
