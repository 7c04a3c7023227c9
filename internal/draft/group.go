package draft

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/plan"
)

// GroupBy reads how blocks are grouped into files: "none", "prefix", or "tag:KEY".
func GroupBy(how string) (func(o *plan.Object, names []string) string, error) {
	key, byTag := strings.CutPrefix(how, "tag:")
	switch {
	case how == "" || how == "none":
		return nil, nil
	case how == "prefix":
		return func(_ *plan.Object, names []string) string { return prefix(names) }, nil
	case byTag && key != "":
		return func(o *plan.Object, _ []string) string {
			if v := o.Tags[key]; v != "" {
				return Identifier(strings.ToLower(v))
			}
			return "other"
		}, nil
	}
	return nil, fmt.Errorf("%q is no way to group: write none, prefix or tag:KEY", how)
}

// prefix is the first part of the first name, up to what separates parts: orders of alias/orders/db.
func prefix(names []string) string {
	if len(names) == 0 {
		return "other"
	}
	name := strings.ToLower(strings.TrimPrefix(names[0], "alias/"))
	if i := strings.IndexAny(name, "/-_.:"); i > 0 {
		name = name[:i]
	}
	return Identifier(name)
}
