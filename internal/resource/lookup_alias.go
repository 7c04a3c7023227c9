package resource

import (
	"context"

	"github.com/zclconf/go-cty/cty"
)

// alias finds an alias in the region's list, which a plan has read.
func (l *looking) alias(ctx context.Context) (map[string]cty.Value, error) {
	a, err := l.aliasNamed(ctx, l.text("name"))
	if err != nil {
		return nil, l.nothing(err, "name", "There is no alias %s in the account and region of gateway %q.", l.text("name"), l.Gateway.Name)
	}
	return map[string]cty.Value{"key": str(a.KeyID), "arn": str(a.ARN)}, nil
}

// aliases lists those that fit the filters.
func (l *looking) aliases(ctx context.Context) (map[string]cty.Value, error) {
	fits, err := l.fits()
	if err != nil {
		return nil, err
	}
	all, err := l.Manager.ListAliases(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	keys, arns, of := map[string]cty.Value{}, map[string]cty.Value{}, l.text("key")
	for _, a := range all {
		if fits(a.Name) && (of == "" || of == a.KeyID) {
			names, keys[a.Name], arns[a.Name] = append(names, a.Name), str(a.KeyID), str(a.ARN)
		}
	}
	return map[string]cty.Value{"names": list(names), "keys": mapping(cty.String, keys), "arns": mapping(cty.String, arns)}, nil
}
