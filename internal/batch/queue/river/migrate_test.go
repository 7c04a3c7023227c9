package river_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/batch/queue/river"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

func TestAQueueSaysWhatToDoAboutItsTables(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	name := schema(t, conn)
	_, err := open(t, conn, name).Record(t.Context(), address)
	if !errors.Is(err, river.ErrUnmigrated) || !strings.Contains(err.Error(), "kmsplan worker -migrate") || !strings.Contains(err.Error(), name) {
		t.Errorf("without tables: %v", err)
	}
	if err := open(t, conn, name).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	sql(t, conn, "DELETE FROM "+name+".river_migration WHERE version = (SELECT max(version) FROM "+name+".river_migration)")
	if err := open(t, conn, name).Create(t.Context(), queuetest.Spec(address, 1), queuetest.Parts(1)); !errors.Is(err, river.ErrUnmigrated) || !strings.Contains(err.Error(), "worker -migrate") {
		t.Errorf("with River's tables of an earlier version: %v", err)
	}
	sql(t, conn, "UPDATE "+name+".queue_version SET version = 99")
	for what, err := range map[string]error{
		"a record":  func() error { _, err := open(t, conn, name).Record(t.Context(), address); return err }(),
		"a migrate": open(t, conn, name).Migrate(t.Context()),
	} {
		if !errors.Is(err, river.ErrNewer) || !strings.Contains(err.Error(), "99") {
			t.Errorf("%s of tables of a later version: %v", what, err)
		}
	}
}

func TestSeveralMigrateAtOnce(t *testing.T) {
	for name, variable := range servers {
		t.Run(name, func(t *testing.T) {
			conn := server(t, variable)
			schema := schema(t, conn)
			var wg sync.WaitGroup
			for range 3 {
				q := open(t, conn, schema)
				wg.Go(func() {
					if err := q.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if all, err := open(t, conn, schema).Records(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("the records of an empty queue are %+v: %v", all, err)
			}
		})
	}
}

func TestASchemaIsAPlainName(t *testing.T) {
	for _, name := range []string{`x"; DROP`, "Upper", strings.Repeat("a", 47), "1st"} {
		if _, err := river.Open(t.Context(), river.Options{Schema: name}, os.Getenv); err == nil {
			t.Errorf("the schema %q is taken", name)
		}
	}
}

// The tables as the first version made them are brought up to this one, with the batch that is in them.
func TestTablesOfTheFirstVersionAreUpgraded(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	q, name := migrated(t, conn)
	begun(t, q, 2)
	if err := q.Bucket("here", quota.Symmetric).Set(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"ALTER TABLE @.batches DROP COLUMN forgiven", "ALTER TABLE @.chunks ADD COLUMN tries int NOT NULL DEFAULT 0",
		"ALTER TABLE @.buckets DROP COLUMN halved, DROP COLUMN known", "UPDATE @.queue_version SET version = 1",
	} {
		sql(t, conn, strings.ReplaceAll(statement, "@", name))
	}
	if _, err := open(t, conn, name).Record(t.Context(), address); !errors.Is(err, river.ErrUnmigrated) || !strings.Contains(err.Error(), "worker -migrate") {
		t.Errorf("before the upgrade: %v", err)
	}
	q = open(t, conn, name)
	if err := q.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := q.Bucket("here", quota.Symmetric)
	if s, err := b.Lease(t.Context(), 1); err != nil || s.N != 1 {
		t.Errorf("a slot is %+v: %v", s, err)
	}
	if err := b.Throttled(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if now, _, err := b.Rate(t.Context()); err != nil || now > 60 {
		t.Errorf("after a refusal the rate is %v: %v", now, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := q.Work(ctx, queue.Worker{Name: "w", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		_, err := d.Record(ctx, step(d, 3, "w"))
		return err
	}})
	if r := record(t, q); err != nil || r.Status != batch.Done {
		t.Errorf("the batch is %+v: %v", r, err)
	}
}
