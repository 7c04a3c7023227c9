package engine

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// permissionOperations are the policies of access points, not those of keys.
func permissionOperations() []Operation {
	return []Operation{
		op("CreatePolicy", GroupInstanceWrite, (*Engine).createPolicy).mutating(),
		op("DescribePolicy", GroupInstanceRead, (*Engine).describePolicy),
		op("UpdatePolicy", GroupInstanceWrite, (*Engine).updatePolicy).mutating(),
		op("DeletePolicy", GroupInstanceWrite, (*Engine).deletePolicy).mutating(),
		op("ListPolicies", GroupInstanceRead, (*Engine).listPolicies),
	}
}

// sharedGateway is the KmsInstance of a policy for what lives in no instance
// (KMS: CreatePolicy, document_detail/2588602).
const sharedGateway = "shared"

func (e *Engine) permissions(c *Call) named[Policy] { return named[Policy]{e.table.policies, c} }

// PermissionRequest creates or changes a policy.
type PermissionRequest struct {
	AccessControlRules *string // JSON {"NetworkRules":[…]}
	Description        *string
	KmsInstance        *string // CreatePolicy only
	Name               *string
	Permissions        *string // JSON array of permission templates
	Resources          *string // JSON array of key/… and secret/…
}

// CreatePolicyResponse repeats a new policy as it was sent.
type CreatePolicyResponse struct {
	AccessControlRules string
	Arn                string
	Description        string
	KmsInstance        string
	Name               string
	Permissions        string
	Resources          string
}

// DescribePolicyResponse describes a policy.
type DescribePolicyResponse struct {
	AccessControlRules string
	Arn                string
	Description        string
	KmsInstance        string
	Name               string
	Permissions        []string
	Resources          []string
}

func (p *Policy) arn() string { return arn(p.Region, p.Account, "policy/"+p.Name) }

func (e *Engine) createPolicy(c *Call, in *PermissionRequest) (*CreatePolicyResponse, error) {
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	p := Policy{Name: name, Account: c.Account, Region: c.Region, Instance: text(in.KmsInstance), Created: e.now()}
	if _, err := required("Permissions", in.Permissions); err != nil {
		return nil, err
	}
	if _, err := required("Resources", in.Resources); err != nil {
		return nil, err
	}
	if err := p.fill(in); err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		if p.Instance != "" && p.Instance != sharedGateway {
			if _, err := e.lookupInstance(tx, c, p.Instance); err != nil {
				return err
			}
		}
		return e.permissions(c).create(tx, name, p)
	})
	if err != nil {
		return nil, err
	}
	return &CreatePolicyResponse{
		AccessControlRules: p.AccessControlRules, Arn: p.arn(), Description: p.Description, KmsInstance: p.Instance,
		Name: p.Name, Permissions: text(in.Permissions), Resources: text(in.Resources),
	}, nil
}

// fill takes over what the request names. UpdatePolicy may empty the lists, as the
// provider's tests do: such a policy grants nothing.
func (p *Policy) fill(in *PermissionRequest) (err error) {
	if in.Description != nil {
		p.Description = *in.Description
		if err := atMost("Description", p.Description, descriptionLimit); err != nil {
			return err
		}
	}
	if in.Permissions != nil {
		if p.Permissions, err = parseEach("Permissions", in.Permissions, validPermission); err != nil {
			return err
		}
	}
	if in.Resources != nil {
		if p.Resources, err = parseEach("Resources", in.Resources, validPattern); err != nil {
			return err
		}
	}
	if in.AccessControlRules != nil {
		p.AccessControlRules = *in.AccessControlRules
		return validRules(p.AccessControlRules)
	}
	return nil
}

func parseEach(parameter string, s *string, valid func(string) bool) ([]string, error) {
	list, err := parseList(parameter, s)
	if err == nil && slices.ContainsFunc(list, func(v string) bool { return !valid(v) }) {
		return nil, errInvalidParameter(parameter)
	}
	return list, err
}

func validPermission(p string) bool { return p == permissionKeys || p == permissionSecrets }

func validPattern(r string) bool {
	return r == "*" || strings.HasPrefix(r, "key/") || strings.HasPrefix(r, "secret/")
}

// validRules requires an object that may name network rules. They need not exist
// (KMS: CreatePolicy, document_detail/2588602, and the provider's tests); one that
// does not lets nobody in.
func validRules(s string) error {
	var rules struct{ NetworkRules []string }
	if s == "" {
		return nil
	}
	return parseJSON("AccessControlRules", s, &rules)
}

func (e *Engine) describePolicy(c *Call, in *NameRequest) (*DescribePolicyResponse, error) {
	p, err := e.permissions(c).read(e, in.Name)
	if err != nil {
		return nil, err
	}
	return &DescribePolicyResponse{
		AccessControlRules: p.AccessControlRules, Arn: p.arn(), Description: p.Description,
		KmsInstance: p.Instance, Name: p.Name, Permissions: p.Permissions, Resources: p.Resources,
	}, nil
}

func (e *Engine) updatePolicy(c *Call, in *PermissionRequest) (*empty, error) {
	return e.permissions(c).change(e, in.Name, func(_ *store.Tx, p *Policy) error { return p.fill(in) })
}

func (e *Engine) deletePolicy(c *Call, in *NameRequest) (*empty, error) {
	return e.permissions(c).remove(e, in.Name, nothing)
}

// ListPoliciesResponse is one page of policies.
type ListPoliciesResponse struct {
	PageNumber int
	PageSize   int
	Policies   struct{ Policy []ListedPolicy }
	TotalCount int
}

// ListedPolicy names a policy.
type ListedPolicy struct{ Name string }

func (e *Engine) listPolicies(c *Call, in *PageRequest) (*ListPoliciesResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMax)
	if err != nil {
		return nil, err
	}
	out := &ListPoliciesResponse{PageNumber: p.number, PageSize: p.size}
	list := []ListedPolicy{}
	out.TotalCount, err = e.permissions(c).page(e, p, func(p *Policy) { list = append(list, ListedPolicy{p.Name}) })
	out.Policies.Policy = list
	return out, err
}
