package river

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Grants are the least rights of a role that works, creates batches and looks at them, as statements for the owner of the
// tables. The role cannot change a table's form, reads the versions only, and has nothing of a state in the same schema.
func (q *Queue) Grants(role string) string {
	r := pgx.Identifier{role}.Sanitize()
	var b strings.Builder
	fmt.Fprintf(&b, "GRANT USAGE ON SCHEMA %s TO %s;\n", q.schema, r)
	fmt.Fprintf(&b, "GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s;\n", q.named("batches", "chunks", "failures", "buckets", "workers",
		"river_job", "river_leader", "river_queue"), r)
	fmt.Fprintf(&b, "GRANT SELECT ON %s TO %s;\n", q.named("queue_version", "river_migration"), r)
	fmt.Fprintf(&b, "GRANT USAGE ON SEQUENCE %s TO %s;\n", q.named("batches_id_seq", "river_job_id_seq"), r)
	return b.String()
}

func (q *Queue) named(tables ...string) string {
	for i := range tables {
		tables[i] = q.schema + "." + tables[i]
	}
	return strings.Join(tables, ", ")
}
