package postgres

import (
	"context"
	"fmt"
	"strings"
)

// Grants are the least rights of a role that works on the rows, as statements for the table's owner: it reads the key and the
// column, and where it writes, changes the column. It has to see the table already, for its key.
func (s *Source) Grants(ctx context.Context, role string, writes bool) ([]string, error) {
	t, err := s.table(ctx)
	if err != nil {
		return nil, err
	}
	table, r := quoted(s.schema)+"."+quoted(s.name), quoted(role)
	out := []string{
		fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s;", quoted(s.schema), r),
		fmt.Sprintf("GRANT SELECT (%s, %s) ON %s TO %s;", strings.Join(t.keyNames(), ", "), t.col, table, r),
	}
	if writes {
		out = append(out, fmt.Sprintf("GRANT UPDATE (%s) ON %s TO %s;", t.col, table, r))
	}
	return out, nil
}

func (t *table) keyNames() (names []string) {
	for _, k := range t.keys {
		names = append(names, k.sql)
	}
	return names
}
