package engine

import (
	"regexp"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func aliasOperations() []Operation {
	return []Operation{
		op("CreateAlias", GroupKeyWrite, (*Engine).createAlias).mutating(),
		op("UpdateAlias", GroupKeyWrite, (*Engine).updateAlias).mutating(),
		op("DeleteAlias", GroupKeyWrite, (*Engine).deleteAlias).mutating(),
		op("ListAliases", GroupKeyRead, (*Engine).listAliases),
		op("ListAliasesByKeyId", GroupKeyRead, (*Engine).listAliasesByKeyID),
	}
}

// aliasPattern: letters, digits, "_", "-" and "/" after the prefix; names that
// begin with alias/acs are the service's own (KMS: CreateAlias).
var aliasPattern = regexp.MustCompile(`^alias/[A-Za-z0-9_/-]{1,255}$`)

func validAlias(name *string) (string, error) {
	n, err := required("AliasName", name)
	if err != nil {
		return "", err
	}
	if !aliasPattern.MatchString(n) || n == reservedAlias || strings.HasPrefix(n, reservedAlias+"/") {
		return "", errInvalidParameter("AliasName")
	}
	return n, nil
}

const reservedAlias = "alias/acs"

// AliasRequest names an alias and its key.
type AliasRequest struct{ AliasName, KeyId *string }

func (e *Engine) createAlias(c *Call, in *AliasRequest) (*empty, error) {
	return e.pointAlias(c, "CreateAlias", in, func(tx *store.Tx, alias Alias) error {
		place := c.scope(alias.Name)
		if _, found := e.table.aliases.Peek(tx, place); found {
			return errAliasExists()
		}
		if e.table.aliases.Count(tx, c.scope("")) >= e.opts.Quotas.Aliases {
			return errLimitExceeded("alias")
		}
		e.table.aliases.Put(tx, place, alias)
		return nil
	})
}

// updateAlias re-points an alias. Only the new key's state counts.
func (e *Engine) updateAlias(c *Call, in *AliasRequest) (*empty, error) {
	return e.pointAlias(c, "UpdateAlias", in, func(tx *store.Tx, alias Alias) error {
		old, found := e.table.aliases.Peek(tx, c.scope(alias.Name))
		if !found {
			return errAliasNotFound()
		}
		alias.Created = old.Created
		e.table.aliases.Put(tx, c.scope(alias.Name), alias)
		return nil
	})
}

// pointAlias checks the name and the key and lets put store the alias.
func (e *Engine) pointAlias(c *Call, op string, in *AliasRequest, put func(*store.Tx, Alias) error) (*empty, error) {
	name, err := validAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		k, err := e.writeKey(tx, c, op, text(in.KeyId))
		if err != nil {
			return err
		}
		if k.Account != c.Account {
			return errKeyNotFound()
		}
		return put(tx, Alias{Name: name, KeyID: k.ID, Account: c.Account, Region: c.Region, Created: e.now()})
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// DeleteAliasRequest names an alias.
type DeleteAliasRequest struct{ AliasName *string }

func (e *Engine) deleteAlias(c *Call, in *DeleteAliasRequest) (*empty, error) {
	name, err := validAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		if _, found := e.table.aliases.Peek(tx, c.scope(name)); !found {
			return errAliasNotFound()
		}
		e.table.aliases.Delete(tx, c.scope(name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// PageRequest asks for one page of a list.
type PageRequest struct {
	PageNumber *int64
	PageSize   *int64
}

// ListAliasesResponse is one page of aliases, oldest first.
type ListAliasesResponse struct {
	Aliases    struct{ Alias []ListedAlias }
	PageNumber int
	PageSize   int
	TotalCount int
}

// ListedAlias is an alias and its key.
type ListedAlias struct{ AliasArn, AliasName, KeyId string }

func newAliasPage(p page) *ListAliasesResponse {
	out := &ListAliasesResponse{PageNumber: p.number, PageSize: p.size}
	out.Aliases.Alias = []ListedAlias{}
	return out
}

func (r *ListAliasesResponse) add(a *Alias) {
	r.Aliases.Alias = append(r.Aliases.Alias, ListedAlias{arn(a.Region, a.Account, a.Name), a.Name, a.KeyID})
}

func (e *Engine) listAliases(c *Call, in *PageRequest) (*ListAliasesResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMaxAliases)
	if err != nil {
		return nil, err
	}
	out := newAliasPage(p)
	err = e.view(func(tx *store.Tx) error {
		out.TotalCount = listPage(tx, e.table.aliases, byCreation, c.scope(""), p, out.add)
		return nil
	})
	return out, err
}

func (e *Engine) listAliasesByKeyID(c *Call, in *KeyPageRequest) (*ListAliasesResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMaxByKey)
	if err != nil {
		return nil, err
	}
	out := newAliasPage(p)
	err = e.view(func(tx *store.Tx) error {
		k, err := e.readKey(tx, c, "ListAliasesByKeyId", text(in.KeyId), false)
		if err != nil {
			return err
		}
		out.TotalCount = listPage(tx, e.table.aliases, byKey, scope(k.Account, k.Region, k.ID)+"/", p, out.add)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
