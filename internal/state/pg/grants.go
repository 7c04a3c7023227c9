package pg

import (
	"cmp"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Grants are the least rights of a role that stores states in a schema, "" = kmsplan, as statements for the owner of the
// tables.
func Grants(schema, role string) []string {
	s, r := pgx.Identifier{cmp.Or(schema, "kmsplan")}.Sanitize(), pgx.Identifier{role}.Sanitize()
	return []string{
		fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s;", s, r),
		fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s.heads, %[1]s.objects, %[1]s.history TO %s;", s, r),
	}
}
