package cli

import (
	"slices"
	"strconv"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// statusBatch is what a batch says of a key: its objects are under it, or may be.
type statusBatch struct {
	Address string `json:"address"`
	Source  string `json:"source"`
	Says    string `json:"says"` // "1000 objects of s3://archive/ under it, version v7"
	Objects int64  `json:"objects"`
	Proved  bool   `json:"proved"`  // their wraps were opened; false = headers say so, or said so before
	Command string `json:"command"` // brings them under another, or proves that they are

	key, versions string
}

// statusBatches are what the state keeps of batches: of one key or version, where it is asked about one, else of all.
func statusBatches(st state.State, key, version string) []statusBatch {
	out := []statusBatch{}
	everywhere := func(string) bool { return true } // which gateways lead to one place is for a plan to say
	for _, of := range keysOfBatches(st, key, version) {
		for _, h := range st.HoldsOn(everywhere, of, version) {
			if h.Unread && key == "" && version == "" {
				continue // of all keys it would be said again and again
			}
			out = append(out, statusBatch{h.Evidence.Address, h.Evidence.Source, plan.HoldWords(h), h.Objects, h.Proved, plan.HoldCommand(h), of, h.Versions})
		}
	}
	return out
}

func keysOfBatches(st state.State, key, version string) (keys []string) {
	if key != "" || version != "" {
		return []string{key}
	}
	for i := range st.Batches {
		keys = append(keys, st.Batches[i].Keys()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// waysOfBatches are the commands for the objects of batches: those under a primary version are where they belong until it is rotated.
func waysOfBatches(list []statusBatch, q *statusAsked) (ways []string) {
	if q.primary && q.KeyVersion != "" {
		return nil
	}
	for _, b := range list {
		ways = append(ways, b.Command)
	}
	return ways
}

func heldRows(list []statusBatch, names map[string]string) (rows [][]string) {
	for _, b := range list {
		key := b.key
		if names[key] != "" {
			key = names[key]
		}
		proved := "not proved"
		if b.Proved {
			proved = "every wrap was opened"
		}
		rows = append(rows, []string{b.Address, b.Source, key, b.versions, strconv.FormatInt(b.Objects, 10), proved})
	}
	return rows
}
