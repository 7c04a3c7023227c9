package keys

import (
	"maps"
	"slices"

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
			if filters.Match(func(key string) []string { return keyFilterValues[key](e, tx, k) }) {
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

// keyFilterValues are the keys of Filters with what they look at (KMS: ListKeys,
// document_detail/28951, which spells keyId so).
var keyFilterValues = map[string]func(*core.Engine, *store.Tx, *core.Key) []string{
	"KeyState":        ofKey(func(k *core.Key) string { return k.State }),
	"KeySpec":         ofKey(func(k *core.Key) string { return k.Spec }),
	"KeyUsage":        ofKey(func(k *core.Key) string { return k.Usage }),
	"ProtectionLevel": ofKey(func(k *core.Key) string { return k.ProtectionLevel }),
	"CreatorType":     ofKey(func(k *core.Key) string { return k.CreatorType }),
	"DKMSInstanceId":  ofKey(func(k *core.Key) string { return k.Instance }),
	"KeyId":           ofKey(func(k *core.Key) string { return k.ID }),
	"keyId":           ofKey(func(k *core.Key) string { return k.ID }),
	"Creator":         ofKey(func(k *core.Key) string { return k.Creator }),
	"AliasName":       aliasesOf,
	"TagKey": func(e *core.Engine, _ *store.Tx, k *core.Key) []string {
		return slices.Collect(maps.Keys(e.TagsOfKey(k)))
	},
	"TagValue": func(e *core.Engine, _ *store.Tx, k *core.Key) []string {
		return slices.Collect(maps.Values(e.TagsOfKey(k)))
	},
}

func ofKey(value func(*core.Key) string) func(*core.Engine, *store.Tx, *core.Key) []string {
	return func(_ *core.Engine, _ *store.Tx, k *core.Key) []string { return []string{value(k)} }
}

func aliasesOf(e *core.Engine, tx *store.Tx, k *core.Key) (names []string) {
	for _, a := range e.Table.Aliases.ScanIndex(tx, core.ByKey, core.Scope(k.Account, k.Region, k.ID)+"/", 0) {
		names = append(names, a.Name)
	}
	return names
}

func knownKeyFilter(key string) bool { return keyFilterValues[key] != nil }
