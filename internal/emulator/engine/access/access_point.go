package access

import (
	"encoding/json"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/pattern"
)

func accessPointOperations() []core.Operation {
	return slices.Concat([]core.Operation{
		core.Op("CreateApplicationAccessPoint", core.GroupInstanceWrite, createAccessPoint).Mutating(),
		core.Op("DescribeApplicationAccessPoint", core.GroupInstanceRead, describeAccessPoint),
		core.Op("UpdateApplicationAccessPoint", core.GroupInstanceWrite, updateAccessPoint).Mutating(),
		core.Op("DeleteApplicationAccessPoint", core.GroupInstanceWrite, deleteAccessPoint).Mutating(),
		core.Op("ListApplicationAccessPoints", core.GroupInstanceRead, listAccessPoints),
	}, clientKeyOperations(), networkRuleOperations(), permissionOperations())
}

var namePattern = pattern.New(undocumented.NamePattern)

// validName reads the Name of an access point, a policy or a network rule.
func validName(name *string) (string, error) {
	n, err := core.Required("Name", name)
	if err != nil {
		return "", err
	}
	if len(n) > undocumented.NameLimit || !namePattern.MatchString(n) {
		return "", core.ErrInvalidParameter("Name")
	}
	return n, nil
}

// NameRequest names an access point, a policy or a network rule.
type NameRequest struct{ Name *string }

// named is a table of things with names in an account and region.
type named[T any] struct {
	table store.Table[T]
	call  *core.Call
}

// create stores a thing whose name must be free. Refusal: Rejected.ResourceExist.
func (n named[T]) create(tx *store.Tx, name string, v T) error {
	if _, found := n.table.Peek(tx, n.call.Scope(name)); found {
		return core.ErrResourceExists()
	}
	n.table.Put(tx, n.call.Scope(name), v)
	return nil
}

// get returns a private copy. Refusals: MissingParameter, Forbidden.ResourceNotFound.
func (n named[T]) get(tx *store.Tx, name *string) (*T, error) {
	if _, err := core.Required("Name", name); err != nil {
		return nil, err
	}
	v, found := n.table.Get(tx, n.call.Scope(*name))
	if !found {
		return nil, core.ErrResourceNotFound()
	}
	return &v, nil
}

// change lets f change a thing in one Update.
func (n named[T]) change(e *core.Engine, name *string, f func(*store.Tx, *T) error) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		v, err := n.get(tx, name)
		if err != nil {
			return err
		}
		if err := f(tx, v); err != nil {
			return err
		}
		n.table.Put(tx, n.call.Scope(*name), *v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// remove deletes a thing; also cleans up what hangs on it.
func (n named[T]) remove(e *core.Engine, name *string, also func(*store.Tx)) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		if _, err := n.get(tx, name); err != nil {
			return err
		}
		also(tx)
		n.table.Delete(tx, n.call.Scope(*name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// read finds a thing in a View.
func (n named[T]) read(e *core.Engine, name *string) (v *T, err error) {
	err = e.View(func(tx *store.Tx) error {
		v, err = n.get(tx, name)
		return err
	})
	return v, err
}

// page gives add the things of one page and returns how many there are.
func (n named[T]) page(e *core.Engine, p core.Page, add func(*T)) (total int, err error) {
	err = e.View(func(tx *store.Tx) error {
		total = core.ListPage(tx, n.table, core.ByCreation, n.call.Scope(""), p, add)
		return nil
	})
	return total, err
}

// nothing is the also of things on which nothing hangs.
func nothing(*store.Tx) {}

// parseList reads a JSON array of strings that are not empty.
func parseList(parameter string, s *string) ([]string, error) {
	value, err := core.Required(parameter, s)
	if err != nil {
		return nil, err
	}
	var list []string
	if err := core.ParseJSON(parameter, value, &list); err != nil {
		return nil, err
	}
	if list == nil || slices.Contains(list, "") {
		return nil, core.ErrInvalidParameter(parameter)
	}
	return list, nil
}

// parseNames is parseList for arrays that must hold something.
func parseNames(parameter string, s *string) ([]string, error) {
	names, err := parseList(parameter, s)
	if err == nil && len(names) == 0 {
		return nil, core.ErrInvalidParameter(parameter)
	}
	return names, err
}

// JsonNames is parseNames's inverse.
func JsonNames(names []string) string {
	b, _ := json.Marshal(names) // strings cannot fail
	return string(b)
}

func points(e *core.Engine, c *core.Call) named[core.AccessPoint] {
	return named[core.AccessPoint]{e.Table.AccessPoints, c}
}

// CreateApplicationAccessPointRequest binds up to three policies to a new access
// point.
type CreateApplicationAccessPointRequest struct {
	AuthenticationMethod *string // ClientKey
	Description          *string
	Name                 *string
	Policies             *string // JSON array of policy names
}

// AccessPointResponse describes an access point.
type AccessPointResponse struct {
	Arn                  string
	AuthenticationMethod string
	Description          string
	Name                 string
	Policies             string
}

func answer(a *core.AccessPoint) *AccessPointResponse {
	return &AccessPointResponse{
		Arn: core.Arn(a.Region, a.Account, "applicationaccesspoint/"+a.Name), AuthenticationMethod: a.AuthMethod,
		Description: a.Description, Name: a.Name, Policies: JsonNames(a.Policies),
	}
}

func createAccessPoint(e *core.Engine, c *core.Call, in *CreateApplicationAccessPointRequest) (*AccessPointResponse, error) {
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	if m := core.Text(in.AuthenticationMethod); m != "" && m != core.AuthClientKey {
		return nil, core.ErrInvalidParameter("AuthenticationMethod")
	}
	if err := core.AtMost("Description", core.Text(in.Description), core.DescriptionLimit); err != nil {
		return nil, err
	}
	a := core.AccessPoint{Name: name, Account: c.Account, Region: c.Region, AuthMethod: core.AuthClientKey, Description: core.Text(in.Description), Created: e.Now()}
	if a.Policies, err = boundPolicies(in.Policies); err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error { return points(e, c).create(tx, name, a) })
	if err != nil {
		return nil, err
	}
	return answer(&a), nil
}

// boundPolicies reads a list of at most three policies. They need not exist: the
// provider's tests and its published example bind names that nobody made
// (KMS: CreateApplicationAccessPoint, document_detail/2588609). One that does not
// exist grants nothing.
func boundPolicies(s *string) ([]string, error) {
	names, err := parseNames("Policies", s)
	if err != nil {
		return nil, err
	}
	if len(names) > core.PoliciesPerPoint {
		return nil, core.ErrInvalidParameter("Policies")
	}
	return names, nil
}

func describeAccessPoint(e *core.Engine, c *core.Call, in *NameRequest) (*AccessPointResponse, error) {
	a, err := points(e, c).read(e, in.Name)
	if err != nil {
		return nil, err
	}
	return answer(a), nil
}

// UpdateApplicationAccessPointRequest replaces what it names.
type UpdateApplicationAccessPointRequest struct{ Description, Name, Policies *string }

func updateAccessPoint(e *core.Engine, c *core.Call, in *UpdateApplicationAccessPointRequest) (*core.Empty, error) {
	if err := core.AtMost("Description", core.Text(in.Description), core.DescriptionLimit); err != nil {
		return nil, err
	}
	return points(e, c).change(e, in.Name, func(_ *store.Tx, a *core.AccessPoint) (err error) {
		if in.Description != nil {
			a.Description = *in.Description
		}
		if in.Policies != nil {
			a.Policies, err = boundPolicies(in.Policies)
		}
		return err
	})
}

// deleteAccessPoint takes the access point's client keys along.
func deleteAccessPoint(e *core.Engine, c *core.Call, in *NameRequest) (*core.Empty, error) {
	return points(e, c).remove(e, in.Name, func(tx *store.Tx) {
		for place := range e.Table.ClientKeys.ScanIndex(tx, core.ByPoint, c.Scope(*in.Name)+"/", 0) {
			e.Table.ClientKeys.Delete(tx, place)
		}
	})
}

// ListApplicationAccessPointsResponse is one page of access points.
type ListApplicationAccessPointsResponse struct {
	ApplicationAccessPoints struct{ ApplicationAccessPoint []ListedAccessPoint }
	PageNumber              int
	PageSize                int
	TotalCount              int
}

// ListedAccessPoint names an access point.
type ListedAccessPoint struct{ AuthenticationMethod, Name string }

func listAccessPoints(e *core.Engine, c *core.Call, in *core.PageRequest) (*ListApplicationAccessPointsResponse, error) {
	p, err := core.PageOfAccess(in.PageNumber, in.PageSize)
	if err != nil {
		return nil, err
	}
	out := &ListApplicationAccessPointsResponse{PageNumber: p.Number, PageSize: p.Size}
	list := []ListedAccessPoint{}
	out.TotalCount, err = points(e, c).page(e, p, func(a *core.AccessPoint) { list = append(list, ListedAccessPoint{a.AuthMethod, a.Name}) })
	out.ApplicationAccessPoints.ApplicationAccessPoint = list
	return out, err
}
