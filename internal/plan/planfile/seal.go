package planfile

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"kmsplan.dev/kmsplan/internal/state"
)

// sealKey is derived from the objects of the state that the plan was made on. Who can edit a plan on its
// way from one job to the next, but has not read the state, cannot seal it anew: variables travel in the
// plan, and an edited one would be a variable that somebody else gave. It is a second line: a stack
// without a state has no secret to seal with, and what a plan may do is never taken from it.
//
// Only what identifies the objects and their guards goes in. The census does not, so that `run` leaves
// waiting plans as they are; nor do attributes and times, which each resolving of an interrupted run reads anew.
func sealKey(s state.State) ([]byte, error) {
	type object struct {
		Address, Gateway, Region, ID, Intent, Retire string
		Protected                                    bool
		Versions                                     []string
		Fingerprints                                 map[string]state.Fingerprint
	}
	resources := state.Sorted(s).Resources // in memory, what a recovery found stands last
	objects := make([]object, 0, len(resources))
	for i := range resources {
		r := &resources[i]
		objects = append(objects, object{r.Address, r.Gateway, r.Region, r.ID, r.Intent, r.Retire, r.Protected, r.Versions, r.Fingerprints})
	}
	raw, err := json.Marshal([]any{s.Lineage, objects})
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
