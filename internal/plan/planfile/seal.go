package planfile

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// sealKey is derived from the objects of the state that the plan was made on. Who can edit a plan on its
// way from one job to the next, but has not read the state, cannot seal it anew: variables travel in the
// plan, and an edited one would be a variable that somebody else gave. It is a second line: a stack
// without a state has no secret to seal with, and what a plan may do is never taken from it.
//
// The census is left out, so that `run` leaves waiting plans as they are.
func sealKey(s state.State) ([]byte, error) {
	resources := slices.Clone(state.Sorted(s).Resources) // in memory, what a recovery found stands last
	for i := range resources {
		resources[i].LastAppliedAt, resources[i].RetiredAt = time.Time{}, time.Time{} // a plan foresees what recovery will record, but not when
	}
	raw, err := json.Marshal(struct {
		Lineage   string
		Resources []state.Resource
		Outputs   map[string]any
	}{s.Lineage, resources, s.Outputs})
	if err != nil {
		return nil, fmt.Errorf("seal the plan: %w", err)
	}
	h := sha256.New()
	h.Write([]byte("kmsplan saved plan 2\x00"))
	h.Write(raw)
	return h.Sum(nil), nil
}

func sealOf(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)
}
