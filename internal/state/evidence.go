package state

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Evidence is what a batch left behind: counts of its objects by key and version, never an entry an object. It is written when
// the batch is created, when it ends and when it is verified, and not in between.
type Evidence struct {
	Address string `json:"address"`          // batch.NAME
	Source  string `json:"source"`           // where the objects are; no credentials
	Filter  string `json:"filter,omitempty"` // SHA-256 over the filter, hex; "" = all objects of the source
	Action  string `json:"action"`
	// The target: the key version that objects came under. KeyID is "" of what only verified.
	Gateway    string `json:"gateway"` // gateway block's name
	KeyID      string `json:"key_id,omitempty"`
	KeyARN     string `json:"key_arn,omitempty"`
	KeyVersion string `json:"key_version,omitempty"`
	Manifest   string `json:"manifest"`         // the plan's digest, SHA-256, hex
	Report     string `json:"report,omitempty"` // the report's, likewise; "" = it has not ended
	Status     string `json:"status"`           // EvidenceCreated and its like
	Objects    int64  `json:"objects"`          // of the manifest
	Failed     int64  `json:"failed,omitempty"`
	Unread     int64  `json:"unread,omitempty"` // objects whose headers the plan did not read: they may be under any key
	// Before is what the headers said when the batch was planned, and Under what they say since it ended.
	Before []ObjectsUnder `json:"before,omitempty"`
	Under  []ObjectsUnder `json:"under,omitempty"`
	// Whole says that every object's wrap was opened, and none failed: Under is what is true, and not what headers claim.
	Whole    bool      `json:"whole,omitempty"`
	By       string    `json:"by,omitempty"` // who started it, as locks name people
	Created  time.Time `json:"created_at,omitzero"`
	Ended    time.Time `json:"ended_at,omitzero"`
	Verified time.Time `json:"verified_at,omitzero"` // when what was to be verified was
}

// Keys are the ids of the keys that the batch's objects were under, or are; one may be there more than once.
func (e *Evidence) Keys() (ids []string) {
	for _, u := range slices.Concat(e.Before, e.Under) {
		ids = append(ids, u.KeyID)
	}
	return ids
}

// How far a batch was when its evidence was written.
const (
	EvidenceCreated   = "created" // or started, and not ended
	EvidenceDone      = "done"
	EvidenceCancelled = "cancelled"
)

// ObjectsUnder is how many objects are under a key version.
type ObjectsUnder struct {
	KeyID      string `json:"key_id"`
	KeyVersion string `json:"key_version"`
	Objects    int64  `json:"objects"`
	Proved     int64  `json:"proved,omitempty"` // of them: those whose wrap was opened
}

// WithEvidence adds what a batch left to what is known: of the same address, source and filter it is in the place of what was
// there, and what is about all objects of a source in the place of all that was about some of them. Until it is whole it takes
// over which keys they may still be under: that headers name others now proves nothing. Evidence of other objects stays until
// it is forgotten: what it says may still be true.
func WithEvidence(known []Evidence, e Evidence) []Evidence {
	out := make([]Evidence, 0, len(known)+1)
	for _, was := range known {
		if was.Address != e.Address || was.Source != e.Source || was.Filter != e.Filter && e.Filter != "" {
			out = append(out, was)
			continue
		}
		if !e.Whole && !safety.Off(safety.BatchCarried) {
			e = e.after(was)
		}
	}
	return sortedEvidence(append(out, e))
}

// after is the evidence with what an earlier one of the same objects says that it does not disprove.
func (e Evidence) after(was Evidence) Evidence {
	lists := [][]ObjectsUnder{was.Under}
	if !was.Whole {
		lists = append(lists, was.Before)
		e.Unread = max(e.Unread, was.Unread)
	}
	e.Before = slices.Clone(e.Before)
	for _, u := range slices.Concat(lists...) {
		same := func(o ObjectsUnder) bool { return o.KeyID == u.KeyID && o.KeyVersion == u.KeyVersion }
		if u.Objects > 0 && !slices.ContainsFunc(e.Before, same) && !slices.ContainsFunc(e.Under, same) {
			u.Proved = 0
			e.Before = append(e.Before, u)
		}
	}
	return e
}

func sortedEvidence(list []Evidence) []Evidence {
	slices.SortStableFunc(list, func(a, b Evidence) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Source, b.Source), strings.Compare(a.Filter, b.Filter))
	})
	return list
}

// Hold is what a batch says of a key.
type Hold struct {
	Evidence Evidence
	Objects  int64  // under it, or that were; 0 with Unread
	Versions string // its versions that they are or were under, with commas between them
	Proved   bool   // their wraps were opened; false = their headers say so, or said so before
	Was      bool   // they were under it before the batch, and that none is any more is not proved
	Unread   bool   // nobody knows under which keys the objects were, and that none is under this one is not proved
}

// HoldsOn are the batches whose objects are under a key, or may be; version "" = any of it, key "" = whatever key has the version. Objects whose headers nobody read
// may be under any key that is near their batch's gateway.
func (st State) HoldsOn(near func(gateway string) bool, key, version string) (out []Hold) {
	for _, e := range st.Batches {
		if safety.Off(safety.BatchHolds) {
			break
		}
		if h, holds := e.hold(near, key, version); holds {
			out = append(out, h)
		}
	}
	return out
}

func (e Evidence) hold(near func(string) bool, key, version string) (Hold, bool) {
	h := Hold{Evidence: e}
	under, versions, proved := counted(e.Under, key, version)
	if under > 0 {
		h.Objects, h.Versions, h.Proved = under, versions, proved == under
		return h, true
	}
	if e.Whole {
		return h, false
	}
	if before, versions, _ := counted(e.Before, key, version); before > 0 {
		h.Objects, h.Versions, h.Was = before, versions, true
		return h, true
	}
	h.Unread = e.Unread > 0 && near(e.Gateway)
	return h, h.Unread
}

func counted(list []ObjectsUnder, key, version string) (objects int64, versions string, proved int64) {
	var names []string
	for _, u := range list {
		if (key == "" || u.KeyID == key) && (version == "" || u.KeyVersion == version) && u.Objects > 0 {
			objects, proved = objects+u.Objects, proved+u.Proved
			names = append(names, u.KeyVersion)
		}
	}
	slices.Sort(names)
	return objects, strings.Join(slices.Compact(names), ", "), proved
}
