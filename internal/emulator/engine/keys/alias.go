package keys

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/pattern"
)

func aliasOperations() []core.Operation {
	return []core.Operation{
		core.Op("CreateAlias", core.GroupKeyWrite, createAlias).Mutating(),
		core.Op("UpdateAlias", core.GroupKeyWrite, updateAlias).Mutating(),
		core.Op("DeleteAlias", core.GroupKeyWrite, deleteAlias).Mutating(),
		core.Op("ListAliases", core.GroupKeyRead, listAliases),
		core.Op("ListAliasesByKeyId", core.GroupKeyRead, listAliasesByKeyID),
	}
}

// aliasPattern: letters, digits, "_", "-" and "/" after the prefix; names that
// begin with alias/acs are the service's own (KMS: CreateAlias).
var aliasPattern = pattern.New(`^alias/[A-Za-z0-9_/-]+$`)

const aliasLimit = len("alias/") + undocumented.AliasLimit

func ValidAlias(name *string) (string, error) {
	n, err := core.Required("AliasName", name)
	if err != nil {
		return "", err
	}
	if !aliasPattern.MatchString(n) || len(n) > aliasLimit || n == reservedAlias || strings.HasPrefix(n, reservedAlias+"/") {
		return "", core.ErrInvalidParameter("AliasName")
	}
	return n, nil
}

const reservedAlias = "alias/acs"

// AliasRequest names an alias and its key.
type AliasRequest struct{ AliasName, KeyId *string }

func createAlias(e *core.Engine, c *core.Call, in *AliasRequest) (*core.Empty, error) {
	return pointAlias(e, c, "CreateAlias", in, func(tx *store.Tx, alias core.Alias) error {
		place := c.Scope(alias.Name)
		if _, found := e.Table.Aliases.Peek(tx, place); found {
			return core.ErrAliasExists()
		}
		if e.Table.Aliases.Count(tx, c.Scope("")) >= e.Opts.Quotas.Aliases {
			return core.ErrLimitExceeded("alias")
		}
		e.Table.Aliases.Put(tx, place, alias)
		return nil
	})
}

// updateAlias re-points an alias. Only the new key's state counts.
func updateAlias(e *core.Engine, c *core.Call, in *AliasRequest) (*core.Empty, error) {
	return pointAlias(e, c, "UpdateAlias", in, func(tx *store.Tx, alias core.Alias) error {
		old, found := e.Table.Aliases.Peek(tx, c.Scope(alias.Name))
		if !found {
			return core.ErrAliasNotFound()
		}
		alias.Created = old.Created
		e.Table.Aliases.Put(tx, c.Scope(alias.Name), alias)
		return nil
	})
}

// pointAlias checks the name and the key and lets put store the alias.
func pointAlias(e *core.Engine, c *core.Call, op string, in *AliasRequest, put func(*store.Tx, core.Alias) error) (*core.Empty, error) {
	name, err := ValidAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		k, err := writeKey(e, tx, c, op, core.Text(in.KeyId))
		if err != nil {
			return err
		}
		if k.Account != c.Account {
			return core.ErrKeyNotFound()
		}
		return put(tx, core.Alias{Name: name, KeyID: k.ID, Account: c.Account, Region: c.Region, Created: e.Now()})
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// DeleteAliasRequest names an alias.
type DeleteAliasRequest struct{ AliasName *string }

func deleteAlias(e *core.Engine, c *core.Call, in *DeleteAliasRequest) (*core.Empty, error) {
	name, err := ValidAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		if _, found := e.Table.Aliases.Peek(tx, c.Scope(name)); !found {
			return core.ErrAliasNotFound()
		}
		e.Table.Aliases.Delete(tx, c.Scope(name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
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

func newAliasPage(p core.Page) *ListAliasesResponse {
	out := &ListAliasesResponse{PageNumber: p.Number, PageSize: p.Size}
	out.Aliases.Alias = []ListedAlias{}
	return out
}

func (r *ListAliasesResponse) add(a *core.Alias) {
	r.Aliases.Alias = append(r.Aliases.Alias, ListedAlias{core.Arn(a.Region, a.Account, a.Name), a.Name, a.KeyID})
}

func listAliases(e *core.Engine, c *core.Call, in *core.PageRequest) (*ListAliasesResponse, error) {
	p, err := core.PageFrom0(in.PageNumber, in.PageSize, core.PageSizeMaxAliases)
	if err != nil {
		return nil, err
	}
	out := newAliasPage(p)
	err = e.View(func(tx *store.Tx) error {
		out.TotalCount = core.ListPage(tx, e.Table.Aliases, core.ByCreation, c.Scope(""), p, out.add)
		return nil
	})
	return out, err
}

func listAliasesByKeyID(e *core.Engine, c *core.Call, in *KeyPageRequest) (*ListAliasesResponse, error) {
	p, err := core.PageFrom0(in.PageNumber, in.PageSize, core.PageSizeMaxByKey)
	if err != nil {
		return nil, err
	}
	out := newAliasPage(p)
	err = e.View(func(tx *store.Tx) error {
		k, err := readKey(e, tx, c, "ListAliasesByKeyId", core.Text(in.KeyId), false)
		if err != nil {
			return err
		}
		out.TotalCount = core.ListPage(tx, e.Table.Aliases, core.ByKey, core.Scope(k.Account, k.Region, k.ID)+"/", p, out.add)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
