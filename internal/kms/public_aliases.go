package kms

import "context"

// CreateAlias implements AliasManager.
func (p *Public) CreateAlias(ctx context.Context, name, keyID string) error {
	return p.invoke(ctx, "CreateAlias", args{"AliasName": name, "KeyId": keyID}, nil)
}

// UpdateAlias implements AliasManager.
func (p *Public) UpdateAlias(ctx context.Context, name, keyID string) error {
	return p.invoke(ctx, "UpdateAlias", args{"AliasName": name, "KeyId": keyID}, nil)
}

// DeleteAlias implements AliasManager.
func (p *Public) DeleteAlias(ctx context.Context, name string) error {
	return p.invoke(ctx, "DeleteAlias", args{"AliasName": name}, nil)
}

// ListAliases implements AliasManager.
func (p *Public) ListAliases(ctx context.Context) ([]Alias, error) {
	return p.aliases(ctx, "ListAliases", args{})
}

// ListAliasesByKeyID implements AliasManager.
func (p *Public) ListAliasesByKeyID(ctx context.Context, keyID string) ([]Alias, error) {
	return p.aliases(ctx, "ListAliasesByKeyId", args{"KeyId": keyID})
}

func (p *Public) aliases(ctx context.Context, operation string, a args) ([]Alias, error) {
	return allPages(ctx, func(a Alias) string { return a.Name }, func(ctx context.Context, n int) (page[Alias], error) {
		var out struct {
			Aliases struct {
				Alias []struct{ AliasArn, AliasName, KeyID string }
			}
			TotalCount int
		}
		params := withParam(withParam(a, "PageNumber", n), "PageSize", pageSize)
		err := p.invoke(ctx, operation, params, &out)
		rows := make([]Alias, len(out.Aliases.Alias))
		for i, row := range out.Aliases.Alias {
			rows[i] = Alias{Name: row.AliasName, ARN: row.AliasArn, KeyID: row.KeyID}
		}
		return page[Alias]{rows, out.TotalCount}, err
	})
}
