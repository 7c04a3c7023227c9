package public

import (
	"context"

	"kmsplan.dev/kmsplan/internal/kms"
)

// CreateAlias implements AliasManager.
func (p *Client) CreateAlias(ctx context.Context, name, keyID string) error {
	return p.invoke(ctx, "CreateAlias", args{"AliasName": name, "KeyId": keyID}, nil)
}

// UpdateAlias implements AliasManager.
func (p *Client) UpdateAlias(ctx context.Context, name, keyID string) error {
	return p.invoke(ctx, "UpdateAlias", args{"AliasName": name, "KeyId": keyID}, nil)
}

// DeleteAlias implements AliasManager.
func (p *Client) DeleteAlias(ctx context.Context, name string) error {
	return p.invoke(ctx, "DeleteAlias", args{"AliasName": name}, nil)
}

// ListAliases implements AliasManager.
func (p *Client) ListAliases(ctx context.Context) ([]kms.Alias, error) {
	return p.aliases(ctx, "ListAliases", args{})
}

// ListAliasesByKeyID implements AliasManager.
func (p *Client) ListAliasesByKeyID(ctx context.Context, keyID string) ([]kms.Alias, error) {
	return p.aliases(ctx, "ListAliasesByKeyId", args{"KeyId": keyID})
}

func (p *Client) aliases(ctx context.Context, operation string, a args) ([]kms.Alias, error) {
	return allPages(ctx, func(a kms.Alias) string { return a.Name }, func(ctx context.Context, n int) (page[kms.Alias], error) {
		var out struct {
			Aliases struct {
				Alias []struct{ AliasArn, AliasName, KeyID string }
			}
			TotalCount int
		}
		params := withParam(withParam(a, "PageNumber", n), "PageSize", pageSize)
		err := p.invoke(ctx, operation, params, &out)
		rows := make([]kms.Alias, len(out.Aliases.Alias))
		for i, row := range out.Aliases.Alias {
			rows[i] = kms.Alias{Name: row.AliasName, ARN: row.AliasArn, KeyID: row.KeyID}
			p.quotas.Listed(row.AliasArn)
		}
		return page[kms.Alias]{rows, out.TotalCount}, err
	})
}
