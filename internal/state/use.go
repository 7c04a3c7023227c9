package state

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Use is the last time that a principal was seen to use a key version, as a log of the service told. It holds no payload.
type Use struct {
	KeyID      string    `json:"key_id"`
	KeyVersion string    `json:"key_version,omitempty"` // "" = the log did not name it
	Principal  string    `json:"principal"`             // its class, without sessions: ram:user/NAME, ram:role/NAME, …
	Operation  string    `json:"operation"`             // of the last use
	Last       time.Time `json:"last"`
	Refused    bool      `json:"refused,omitempty"` // KMS refused it: somebody asked for the key all the same
}

// Bounds of what a state keeps of uses: the latest stay.
const (
	MaxUsesPerKey = 64
	MaxUses       = 20_000
)

// WithUses adds uses to those that are known: of a key version and a principal the latest stays.
func WithUses(known, more []Use) []Use {
	type id struct{ key, version, principal string }
	latest := make(map[id]Use, len(known)+len(more))
	for _, list := range [][]Use{known, more} {
		for _, u := range list {
			at := id{u.KeyID, u.KeyVersion, u.Principal}
			if was, ok := latest[at]; !ok || u.Last.After(was.Last) {
				latest[at] = u
			}
		}
	}
	out := make([]Use, 0, len(latest))
	for _, u := range latest {
		out = append(out, u)
	}
	slices.SortFunc(out, newestFirst)
	perKey := map[string]int{}
	out = slices.DeleteFunc(out, func(u Use) bool {
		perKey[u.KeyID]++
		return perKey[u.KeyID] > MaxUsesPerKey
	})
	out = slices.Clip(out[:min(len(out), MaxUses)])
	slices.SortFunc(out, func(a, b Use) int {
		return cmp.Or(strings.Compare(a.KeyID, b.KeyID), strings.Compare(a.KeyVersion, b.KeyVersion), strings.Compare(a.Principal, b.Principal))
	})
	return out
}

func newestFirst(a, b Use) int {
	return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.KeyID, b.KeyID), strings.Compare(a.KeyVersion, b.KeyVersion), strings.Compare(a.Principal, b.Principal))
}

// UsesOf are the uses of a key, and of that version of it, the latest first; "" = any.
func (st State) UsesOf(key, version string) (out []Use) {
	for _, u := range st.Uses {
		if (key == "" || u.KeyID == key) && (version == "" || u.KeyVersion == version) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, newestFirst)
	return out
}

// Drill is the last time that a sample of the census was opened by break-glass identities alone.
type Drill struct {
	At     time.Time `json:"at"`
	Opened int       `json:"opened"`
	Failed int       `json:"failed"` // that they did not open
	Of     int       `json:"of"`     // files with recipients, among which the sample was drawn
}
