package river_test

import (
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/river"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// Whatever is asked of a database that cannot be reached, the error says once where it is.
func TestAnErrorSaysOnceWhereTheQueueIs(t *testing.T) {
	q, err := river.Open(t.Context(), river.Options{ConnStr: "host=127.0.0.1 port=1 user=nobody dbname=nothing sslmode=disable"}, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	bucket := q.Bucket("dev", quota.Symmetric)
	for name, ask := range map[string]func() error{
		"migrate": func() error { return q.Migrate(t.Context()) },
		"record":  func() error { _, err := q.Record(t.Context(), "batch.a"); return err },
		"records": func() error { _, err := q.Records(t.Context()); return err },
		"create":  func() error { return q.Create(t.Context(), batch.Spec{Address: "batch.a"}, nil) },
		"change": func() error {
			_, err := q.Change(t.Context(), "batch.a", queue.Change{Status: batch.Running})
			return err
		},
		"work":  func() error { return q.Work(t.Context(), queue.Worker{Once: true}) },
		"rate":  func() error { return bucket.Set(t.Context(), 1) },
		"lease": func() error { _, err := quota.NewPermits(bucket).Take(t.Context()); return err },
	} {
		err := ask()
		if err == nil || strings.Count(err.Error(), q.Place()) != 1 || strings.Count(err.Error(), "lease calls") > 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nor is it said twice of what fails inside of another attempt, such as a migration by a role that may not.
func TestAnErrorOfARoleThatMayNotSaysOnceWhere(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	name := schema(t, conn)
	sql(t, conn, "CREATE ROLE "+name+" LOGIN")
	t.Cleanup(func() { sql(t, conn, "DROP ROLE "+name) })
	q := open(t, as(t, conn, name), name)
	err := q.Migrate(t.Context())
	if err == nil || strings.Count(err.Error(), q.Place()) != 1 || !strings.Contains(err.Error(), "make the schema: the role may not") {
		t.Errorf("%v", err)
	}
}
