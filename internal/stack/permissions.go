package stack

import (
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/iam"
	"kmsplan.dev/kmsplan/internal/state"
)

// Permissions is the least RAM policy that a command needs of a gateway, "" = of all, by what the state knows. Nothing
// is called.
func (s *Stored) Permissions(st state.State, purpose, gateway string) (iam.Document, []string, error) {
	if gateway != "" && !slices.ContainsFunc(s.config.Gateways, func(g *hcl.Gateway) bool { return g.Name == gateway }) {
		return iam.Document{}, nil, fmt.Errorf("there is no gateway %q; the module's gateway blocks have the names", gateway)
	}
	if st.Serial == 0 {
		st.Lineage = "" // nobody has stored it: the one that it has was made for this look, and apply makes its own
	}
	policy, notes := iam.Policy(iam.Needs{Purpose: purpose, Gateway: gateway, Config: s.config, State: st})
	if len(policy.Statement) == 0 {
		return policy, nil, hint(fmt.Errorf("%s needs no permission of RAM: nothing of this module is there to do", purpose),
			"Key operations that a client key signs are allowed by the access policies of its access point, not by RAM.")
	}
	return policy, notes, nil
}
