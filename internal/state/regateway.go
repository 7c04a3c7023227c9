package state

import (
	"errors"
	"fmt"
	"slices"
)

// ReplaceGateway gives every object on one gateway another gateway block's name. The objects themselves are untouched. It
// returns the addresses of those that it changed. Whether both names lead to one place is for the caller to know.
func ReplaceGateway(st State, from, to string) (State, []string, error) {
	if from == to {
		return st, nil, errors.New("both names are one gateway")
	}
	st.Resources = slices.Clone(st.Resources)
	var changed []string
	there := map[[2]string]string{}
	for _, r := range st.Resources {
		if r.Gateway == to {
			there[[2]string{r.Kind, r.ID}] = r.Address
		}
	}
	for i := range st.Resources {
		r := &st.Resources[i]
		if r.Gateway != from {
			continue
		}
		if other := there[[2]string{r.Kind, r.ID}]; other != "" && r.ID != "" {
			return st, nil, fmt.Errorf("%s and %s would be one object on gateway %q: %s; let one of them go first, kmsplan state rm", r.Address, other, to, r.ID)
		}
		r.Gateway = to
		changed = append(changed, r.Address)
	}
	if len(changed) == 0 {
		return st, nil, fmt.Errorf("the state has no object on gateway %q; kmsplan state show ADDRESS says where one is", from)
	}
	return st, changed, nil
}
