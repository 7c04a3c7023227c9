package engine

import (
	"net/netip"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func networkRuleOperations() []Operation {
	return []Operation{
		op("CreateNetworkRule", GroupInstanceWrite, (*Engine).createNetworkRule).mutating(),
		op("DescribeNetworkRule", GroupInstanceRead, (*Engine).describeNetworkRule),
		op("UpdateNetworkRule", GroupInstanceWrite, (*Engine).updateNetworkRule).mutating(),
		op("DeleteNetworkRule", GroupInstanceWrite, (*Engine).deleteNetworkRule).mutating(),
		op("ListNetworkRules", GroupInstanceRead, (*Engine).listNetworkRules),
	}
}

// networkPrivate is the only type there is (KMS: CreateNetworkRule).
const networkPrivate = "Private"

func (e *Engine) rules(c *Call) named[NetworkRule] {
	return named[NetworkRule]{e.table.networkRules, c}
}

// NetworkRuleRequest creates or changes a network rule.
type NetworkRuleRequest struct {
	Description     *string
	Name            *string
	SourcePrivateIp *string // JSON array of addresses and CIDR blocks
	Type            *string // Private; CreateNetworkRule only
}

// NetworkRuleResponse describes a network rule.
type NetworkRuleResponse struct {
	Arn             string
	Description     string
	Name            string
	SourcePrivateIp string
	Type            string
}

func (r *NetworkRule) answer() *NetworkRuleResponse {
	return &NetworkRuleResponse{
		Arn: arn(r.Region, r.Account, "networkrule/"+r.Name), Description: r.Description,
		Name: r.Name, SourcePrivateIp: r.SourcePrivateIP, Type: r.Type,
	}
}

func validSources(s *string) (string, error) {
	sources, err := parseNames("SourcePrivateIp", s)
	if err != nil {
		return "", err
	}
	for _, source := range sources {
		_, addressErr := netip.ParseAddr(source)
		_, blockErr := netip.ParsePrefix(source)
		if addressErr != nil && blockErr != nil {
			return "", errInvalidParameter("SourcePrivateIp")
		}
	}
	return *s, nil
}

func (e *Engine) createNetworkRule(c *Call, in *NetworkRuleRequest) (*NetworkRuleResponse, error) {
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	if t := text(in.Type); t != "" && t != networkPrivate {
		return nil, errInvalidParameter("Type")
	}
	if err := atMost("Description", text(in.Description), descriptionLimit); err != nil {
		return nil, err
	}
	sources, err := validSources(in.SourcePrivateIp)
	if err != nil {
		return nil, err
	}
	r := NetworkRule{
		Name: name, Account: c.Account, Region: c.Region, Type: networkPrivate,
		Description: text(in.Description), SourcePrivateIP: sources, Created: e.now(),
	}
	if err := e.update(func(tx *store.Tx) error { return e.rules(c).create(tx, name, r) }); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// DescribeNetworkRuleResponse describes a network rule, without its name.
type DescribeNetworkRuleResponse struct {
	Arn             string
	Description     string
	SourcePrivateIp string
	Type            string
}

func (e *Engine) describeNetworkRule(c *Call, in *NameRequest) (*DescribeNetworkRuleResponse, error) {
	r, err := e.rules(c).read(e, in.Name)
	if err != nil {
		return nil, err
	}
	a := r.answer()
	return &DescribeNetworkRuleResponse{a.Arn, a.Description, a.SourcePrivateIp, a.Type}, nil
}

func (e *Engine) updateNetworkRule(c *Call, in *NetworkRuleRequest) (*empty, error) {
	if err := atMost("Description", text(in.Description), descriptionLimit); err != nil {
		return nil, err
	}
	return e.rules(c).change(e, in.Name, func(_ *store.Tx, r *NetworkRule) (err error) {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.SourcePrivateIp != nil {
			r.SourcePrivateIP, err = validSources(in.SourcePrivateIp)
		}
		return err
	})
}

func (e *Engine) deleteNetworkRule(c *Call, in *NameRequest) (*empty, error) {
	return e.rules(c).remove(e, in.Name, nothing)
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

func (e *Engine) listNetworkRules(c *Call, in *PageRequest) (*ListNetworkRulesResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMax)
	if err != nil {
		return nil, err
	}
	out := &ListNetworkRulesResponse{PageNumber: p.number, PageSize: p.size}
	list := []ListedNetworkRule{}
	out.TotalCount, err = e.rules(c).page(e, p, func(r *NetworkRule) { list = append(list, ListedNetworkRule{r.Name, r.Type}) })
	out.NetworkRules.NetworkRule = list
	return out, err
}
