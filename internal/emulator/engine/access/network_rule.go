package access

import (
	"net/netip"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func networkRuleOperations() []core.Operation {
	return []core.Operation{
		core.Op("CreateNetworkRule", core.GroupInstanceWrite, createNetworkRule).Mutating(),
		core.Op("DescribeNetworkRule", core.GroupInstanceRead, describeNetworkRule),
		core.Op("UpdateNetworkRule", core.GroupInstanceWrite, updateNetworkRule).Mutating(),
		core.Op("DeleteNetworkRule", core.GroupInstanceWrite, deleteNetworkRule).Mutating(),
		core.Op("ListNetworkRules", core.GroupInstanceRead, listNetworkRules),
	}
}

func rules(e *core.Engine, c *core.Call) named[core.NetworkRule] {
	return named[core.NetworkRule]{e.Table.NetworkRules, c}
}

// NetworkRuleRequest creates or changes a network rule.
type NetworkRuleRequest struct {
	Description     *string
	Name            *string
	SourcePrivateIp *string // JSON array of addresses and CIDR blocks; none lets nobody in
	Type            *string // Private; CreateNetworkRule only, which needs it
}

// NetworkRuleResponse describes a network rule.
type NetworkRuleResponse struct {
	Arn             string
	Description     string
	Name            string
	SourcePrivateIp string
	Type            string
}

func networkRuleAnswer(r *core.NetworkRule) *NetworkRuleResponse {
	return &NetworkRuleResponse{
		Arn: core.Arn(r.Region, r.Account, "network/"+r.Name), Description: r.Description,
		Name: r.Name, SourcePrivateIp: r.SourcePrivateIP, Type: r.Type,
	}
}

// noSources is the list of a rule that was created without one.
const noSources = "[]"

func ValidSources(s *string) (string, error) {
	sources, err := parseNames("SourcePrivateIp", s)
	if err != nil {
		return "", err
	}
	for _, source := range sources {
		_, addressErr := netip.ParseAddr(source)
		_, blockErr := netip.ParsePrefix(source)
		if addressErr != nil && blockErr != nil {
			return "", core.ErrInvalidParameter("SourcePrivateIp")
		}
	}
	return *s, nil
}

func createNetworkRule(e *core.Engine, c *core.Call, in *NetworkRuleRequest) (*NetworkRuleResponse, error) {
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	kind, err := core.Required("Type", in.Type)
	if err != nil {
		return nil, err
	}
	if kind != core.NetworkPrivate {
		return nil, core.ErrInvalidParameter("Type")
	}
	if err := core.AtMost("Description", core.Text(in.Description), core.DescriptionLimit); err != nil {
		return nil, err
	}
	sources := noSources
	if in.SourcePrivateIp != nil {
		if sources, err = ValidSources(in.SourcePrivateIp); err != nil {
			return nil, err
		}
	}
	r := core.NetworkRule{
		Name: name, Account: c.Account, Region: c.Region, Type: core.NetworkPrivate,
		Description: core.Text(in.Description), SourcePrivateIP: sources, Created: e.Now(),
	}
	if err := e.Update(func(tx *store.Tx) error { return rules(e, c).create(tx, name, r) }); err != nil {
		return nil, err
	}
	return networkRuleAnswer(&r), nil
}

// DescribeNetworkRuleResponse describes a network rule, without its name.
type DescribeNetworkRuleResponse struct {
	Arn             string
	Description     string
	SourcePrivateIp string
	Type            string
}

func describeNetworkRule(e *core.Engine, c *core.Call, in *NameRequest) (*DescribeNetworkRuleResponse, error) {
	r, err := rules(e, c).read(e, in.Name)
	if err != nil {
		return nil, err
	}
	a := networkRuleAnswer(r)
	return &DescribeNetworkRuleResponse{a.Arn, a.Description, a.SourcePrivateIp, a.Type}, nil
}

func updateNetworkRule(e *core.Engine, c *core.Call, in *NetworkRuleRequest) (*core.Empty, error) {
	if err := core.AtMost("Description", core.Text(in.Description), core.DescriptionLimit); err != nil {
		return nil, err
	}
	return rules(e, c).change(e, in.Name, func(_ *store.Tx, r *core.NetworkRule) (err error) {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.SourcePrivateIp != nil {
			r.SourcePrivateIP, err = ValidSources(in.SourcePrivateIp)
		}
		return err
	})
}

func deleteNetworkRule(e *core.Engine, c *core.Call, in *NameRequest) (*core.Empty, error) {
	return rules(e, c).remove(e, in.Name, nothing)
}

// ListNetworkRulesResponse is one page of network rules.
type ListNetworkRulesResponse struct {
	NetworkRules struct{ NetworkRule []ListedNetworkRule }
	PageNumber   int
	PageSize     int
	TotalCount   int
}

// ListedNetworkRule names a network rule.
type ListedNetworkRule struct{ Name, Type string }

func listNetworkRules(e *core.Engine, c *core.Call, in *core.PageRequest) (*ListNetworkRulesResponse, error) {
	p, err := core.PageOfAccess(in.PageNumber, in.PageSize)
	if err != nil {
		return nil, err
	}
	out := &ListNetworkRulesResponse{PageNumber: p.Number, PageSize: p.Size}
	list := []ListedNetworkRule{}
	out.TotalCount, err = rules(e, c).page(e, p, func(r *core.NetworkRule) { list = append(list, ListedNetworkRule{r.Name, r.Type}) })
	out.NetworkRules.NetworkRule = list
	return out, err
}
