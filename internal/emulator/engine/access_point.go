package engine

import (
	"encoding/json"
	"regexp"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func accessPointOperations() []Operation {
	return slices.Concat([]Operation{
		op("CreateApplicationAccessPoint", GroupInstanceWrite, (*Engine).createAccessPoint).mutating(),
		op("DescribeApplicationAccessPoint", GroupInstanceRead, (*Engine).describeAccessPoint),
		op("UpdateApplicationAccessPoint", GroupInstanceWrite, (*Engine).updateAccessPoint).mutating(),
		op("DeleteApplicationAccessPoint", GroupInstanceWrite, (*Engine).deleteAccessPoint).mutating(),
		op("ListApplicationAccessPoints", GroupInstanceRead, (*Engine).listAccessPoints),
	}, clientKeyOperations(), networkRuleOperations(), permissionOperations())
}

// authClientKey is the only authentication method there is
// (KMS: CreateApplicationAccessPoint).
const authClientKey = "ClientKey"

var namePattern = regexp.MustCompile(undocumented.NamePattern)

// validName reads the Name of an access point, a policy or a network rule.
func validName(name *string) (string, error) {
	n, err := required("Name", name)
	if err != nil {
		return "", err
	}
	if len(n) > undocumented.NameLimit || !namePattern.MatchString(n) {
		return "", errInvalidParameter("Name")
	}
	return n, nil
}

// NameRequest names an access point, a policy or a network rule.
type NameRequest struct{ Name *string }

// named is a table of things with names in an account and region.
type named[T any] struct {
	table store.Table[T]
	call  *Call
}

// create stores a thing whose name must be free. Refusal: Rejected.ResourceExist.
func (n named[T]) create(tx *store.Tx, name string, v T) error {
	if _, found := n.table.Peek(tx, n.call.scope(name)); found {
		return errResourceExists()
	}
	n.table.Put(tx, n.call.scope(name), v)
	return nil
}

// get returns a private copy. Refusals: MissingParameter, Forbidden.ResourceNotFound.
func (n named[T]) get(tx *store.Tx, name *string) (*T, error) {
	if _, err := required("Name", name); err != nil {
		return nil, err
	}
	v, found := n.table.Get(tx, n.call.scope(*name))
	if !found {
		return nil, errResourceNotFound()
	}
	return &v, nil
}

// change lets f change a thing in one Update.
func (n named[T]) change(e *Engine, name *string, f func(*store.Tx, *T) error) (*empty, error) {
	err := e.update(func(tx *store.Tx) error {
		v, err := n.get(tx, name)
		if err != nil {
			return err
		}
		if err := f(tx, v); err != nil {
			return err
		}
		n.table.Put(tx, n.call.scope(*name), *v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// remove deletes a thing; also cleans up what hangs on it.
func (n named[T]) remove(e *Engine, name *string, also func(*store.Tx)) (*empty, error) {
	err := e.update(func(tx *store.Tx) error {
		if _, err := n.get(tx, name); err != nil {
			return err
		}
		also(tx)
		n.table.Delete(tx, n.call.scope(*name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// read finds a thing in a View.
func (n named[T]) read(e *Engine, name *string) (v *T, err error) {
	err = e.view(func(tx *store.Tx) error {
		v, err = n.get(tx, name)
		return err
	})
	return v, err
}

// page gives add the things of one page and returns how many there are.
func (n named[T]) page(e *Engine, p page, add func(*T)) (total int, err error) {
	err = e.view(func(tx *store.Tx) error {
		total = listPage(tx, n.table, byCreation, n.call.scope(""), p, add)
		return nil
	})
	return total, err
}

// nothing is the also of things on which nothing hangs.
func nothing(*store.Tx) {}

// parseList reads a JSON array of strings that are not empty.
func parseList(parameter string, s *string) ([]string, error) {
	value, err := required(parameter, s)
	if err != nil {
		return nil, err
	}
	var list []string
	if err := parseJSON(parameter, value, &list); err != nil {
		return nil, err
	}
	if list == nil || slices.Contains(list, "") {
		return nil, errInvalidParameter(parameter)
	}
	return list, nil
}

// parseNames is parseList for arrays that must hold something.
func parseNames(parameter string, s *string) ([]string, error) {
	names, err := parseList(parameter, s)
	if err == nil && len(names) == 0 {
		return nil, errInvalidParameter(parameter)
	}
	return names, err
}

// jsonNames is parseNames's inverse.
func jsonNames(names []string) string {
	b, _ := json.Marshal(names) // strings cannot fail
	return string(b)
}

func (e *Engine) points(c *Call) named[AccessPoint] {
	return named[AccessPoint]{e.table.accessPoints, c}
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

func (a *AccessPoint) answer() *AccessPointResponse {
	return &AccessPointResponse{
		Arn: arn(a.Region, a.Account, "applicationaccesspoint/"+a.Name), AuthenticationMethod: a.AuthMethod,
		Description: a.Description, Name: a.Name, Policies: jsonNames(a.Policies),
	}
}

func (e *Engine) createAccessPoint(c *Call, in *CreateApplicationAccessPointRequest) (*AccessPointResponse, error) {
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	if m := text(in.AuthenticationMethod); m != "" && m != authClientKey {
		return nil, errInvalidParameter("AuthenticationMethod")
	}
	if err := atMost("Description", text(in.Description), descriptionLimit); err != nil {
		return nil, err
	}
	a := AccessPoint{Name: name, Account: c.Account, Region: c.Region, AuthMethod: authClientKey, Description: text(in.Description), Created: e.now()}
	if a.Policies, err = boundPolicies(in.Policies); err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error { return e.points(c).create(tx, name, a) })
	if err != nil {
		return nil, err
	}
	return a.answer(), nil
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
	if len(names) > policiesPerPoint {
		return nil, errInvalidParameter("Policies")
	}
	return names, nil
}

func (e *Engine) describeAccessPoint(c *Call, in *NameRequest) (*AccessPointResponse, error) {
	a, err := e.points(c).read(e, in.Name)
	if err != nil {
		return nil, err
	}
	return a.answer(), nil
}

// UpdateApplicationAccessPointRequest replaces what it names.
type UpdateApplicationAccessPointRequest struct{ Description, Name, Policies *string }

func (e *Engine) updateAccessPoint(c *Call, in *UpdateApplicationAccessPointRequest) (*empty, error) {
	if err := atMost("Description", text(in.Description), descriptionLimit); err != nil {
		return nil, err
	}
	return e.points(c).change(e, in.Name, func(_ *store.Tx, a *AccessPoint) (err error) {
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
func (e *Engine) deleteAccessPoint(c *Call, in *NameRequest) (*empty, error) {
	return e.points(c).remove(e, in.Name, func(tx *store.Tx) {
		for place := range e.table.clientKeys.ScanIndex(tx, byPoint, c.scope(*in.Name)+"/", 0) {
			e.table.clientKeys.Delete(tx, place)
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

func (e *Engine) listAccessPoints(c *Call, in *PageRequest) (*ListApplicationAccessPointsResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMax)
	if err != nil {
		return nil, err
	}
	out := &ListApplicationAccessPointsResponse{PageNumber: p.number, PageSize: p.size}
	list := []ListedAccessPoint{}
	out.TotalCount, err = e.points(c).page(e, p, func(a *AccessPoint) { list = append(list, ListedAccessPoint{a.AuthMethod, a.Name}) })
	out.ApplicationAccessPoints.ApplicationAccessPoint = list
	return out, err
}
