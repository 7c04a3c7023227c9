package river

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Grants are the least rights of a role that works, creates batches and looks at them, as statements for the owner of the
// tables. The role cannot change a table's form, reads the versions only, and has nothing of a state in the same schema.
func (q *Queue) Grants(role string) []string {
	r := pgx.Identifier{role}.Sanitize()
	return []string{
		fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s;", q.schema, r),
		fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s;", q.named("batches", "chunks", "failures", "buckets", "workers",
			"river_job", "river_leader", "river_queue"), r),
		fmt.Sprintf("GRANT SELECT ON %s TO %s;", q.named("queue_version", "river_migration"), r),
		fmt.Sprintf("GRANT USAGE ON SEQUENCE %s TO %s;", q.named("batches_id_seq", "river_job_id_seq"), r),
	}
}

func (q *Queue) named(tables ...string) string {
	for i := range tables {
		tables[i] = q.schema + "." + tables[i]
	}
	return strings.Join(tables, ", ")
}
