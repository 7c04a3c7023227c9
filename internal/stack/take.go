package stack

import (
	"context"
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Take plans to take one live object into the state under an address for which Module.Imports names it. Survey comes
// before, in the scope of the address.
func (s *Stack) Take(ctx context.Context, a addr.Address) (*plan.Plan, hclv2.Diagnostics, error) {
	if err := s.vacant(a); err != nil {
		return nil, nil, err
	}
	p, warnings, err := s.Plan(ctx, plan.Scope{Targets: []addr.Address{a}})
	if err != nil {
		return nil, warnings, err
	}
	p = p.Taking(a)
	for i := range p.Changes {
		if c := &p.Changes[i]; !c.Takes() && !p.Refused() {
			return nil, warnings, s.nothingSo(c)
		}
	}
	return p, warnings, nil
}

// vacant reports an address that has an object, or that refers to one that the state does not hold.
func (s *Stack) vacant(a addr.Address) error {
	held := plan.MovedAddresses(s.Config, s.State)
	if r := held[a]; r != nil {
		return hint(fmt.Errorf("%s is managed already: the state holds %s", a, r.ID),
			fmt.Sprintf("To let go of that first, run `kmsplan state rm '%s'`, which leaves it as it is.", a))
	}
	var missing []string
	for _, d := range s.Config.DependsOn(a) {
		if held[d] == nil && !d.Data {
			missing = append(missing, d.String())
		}
	}
	if len(missing) > 0 {
		return hint(fmt.Errorf("%s refers to %s, which the state does not hold", a, strings.Join(missing, ", ")),
			"Import or apply that first.")
	}
	return nil
}

// nothingSo says that there is no rotation policy to take up: the service has no such object.
func (s *Stack) nothingSo(c *plan.Change) error {
	return hint(fmt.Errorf("there is nothing to import into %s: its keys do not rotate as the block says", c.Addr),
		"Write the interval that they have (`kmsplan kms DescribeKey` shows it), or apply the block.")
}
