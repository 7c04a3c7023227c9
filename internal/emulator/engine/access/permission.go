package access

import (
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// permissionOperations are the policies of access points, not those of keys.
func permissionOperations() []core.Operation {
	return []core.Operation{
		core.Op("CreatePolicy", core.GroupInstanceWrite, createPolicy).Mutating(),
		core.Op("DescribePolicy", core.GroupInstanceRead, describePolicy),
		core.Op("UpdatePolicy", core.GroupInstanceWrite, updatePolicy).Mutating(),
		core.Op("DeletePolicy", core.GroupInstanceWrite, deletePolicy).Mutating(),
		core.Op("ListPolicies", core.GroupInstanceRead, listPolicies),
	}
}

func permissions(e *core.Engine, c *core.Call) named[core.Policy] {
	return named[core.Policy]{e.Table.Policies, c}
}

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

func arn(p *core.Policy) string { return core.Arn(p.Region, p.Account, "policy/"+p.Name) }

func createPolicy(e *core.Engine, c *core.Call, in *PermissionRequest) (*CreatePolicyResponse, error) {
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	p := core.Policy{Name: name, Account: c.Account, Region: c.Region, Instance: core.Text(in.KmsInstance), Created: e.Now()}
	if _, err := core.Required("Permissions", in.Permissions); err != nil {
		return nil, err
	}
	if _, err := core.Required("Resources", in.Resources); err != nil {
		return nil, err
	}
	if err := fill(&p, in); err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		if p.Instance != "" && p.Instance != core.SharedGateway {
			if _, err := e.LookupInstance(tx, c, p.Instance); err != nil {
				return err
			}
		}
		return permissions(e, c).create(tx, name, p)
	})
	if err != nil {
		return nil, err
	}
	return &CreatePolicyResponse{
		AccessControlRules: p.AccessControlRules, Arn: arn(&p), Description: p.Description, KmsInstance: p.Instance,
		Name: p.Name, Permissions: core.Text(in.Permissions), Resources: core.Text(in.Resources),
	}, nil
}

// fill takes over what the request names. UpdatePolicy may empty the lists, as the
// provider's tests do: such a policy grants nothing.
func fill(p *core.Policy, in *PermissionRequest) (err error) {
	if in.Description != nil {
		p.Description = *in.Description
		if err := core.AtMost("Description", p.Description, core.DescriptionLimit); err != nil {
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
		return nil, core.ErrInvalidParameter(parameter)
	}
	return list, err
}

func validPermission(p string) bool { return p == core.PermissionKeys || p == core.PermissionSecrets }

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
	return core.ParseJSON("AccessControlRules", s, &rules)
}

func describePolicy(e *core.Engine, c *core.Call, in *NameRequest) (*DescribePolicyResponse, error) {
	p, err := permissions(e, c).read(e, in.Name)
	if err != nil {
		return nil, err
	}
	return &DescribePolicyResponse{
		AccessControlRules: p.AccessControlRules, Arn: arn(p), Description: p.Description,
		KmsInstance: p.Instance, Name: p.Name, Permissions: p.Permissions, Resources: p.Resources,
	}, nil
}

func updatePolicy(e *core.Engine, c *core.Call, in *PermissionRequest) (*core.Empty, error) {
	return permissions(e, c).change(e, in.Name, func(_ *store.Tx, p *core.Policy) error { return fill(p, in) })
}

func deletePolicy(e *core.Engine, c *core.Call, in *NameRequest) (*core.Empty, error) {
	return permissions(e, c).remove(e, in.Name, nothing)
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

func listPolicies(e *core.Engine, c *core.Call, in *core.PageRequest) (*ListPoliciesResponse, error) {
	p, err := core.PageOfAccess(in.PageNumber, in.PageSize)
	if err != nil {
		return nil, err
	}
	out := &ListPoliciesResponse{PageNumber: p.Number, PageSize: p.Size}
	list := []ListedPolicy{}
	out.TotalCount, err = permissions(e, c).page(e, p, func(p *core.Policy) { list = append(list, ListedPolicy{p.Name}) })
	out.Policies.Policy = list
	return out, err
}
