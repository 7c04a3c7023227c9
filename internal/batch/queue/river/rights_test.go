package river_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// as connects as another role.
func as(t *testing.T, conn, role string) string {
	t.Helper()
	u, err := url.Parse(conn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// One role migrates and owns; another works with the rights that Grants names, and with no others.
func TestAWorkingRoleNeedsTheGrantsAndNoMore(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	name := schema(t, conn)
	owner, working := name+"_owner", name+"_worker"
	for _, role := range []string{owner, working} {
		sql(t, conn, "CREATE ROLE "+role+" LOGIN")
		t.Cleanup(func() { sql(t, conn, "DROP OWNED BY "+role+" CASCADE"); sql(t, conn, "DROP ROLE "+role) })
	}
	sql(t, conn, "GRANT CREATE ON DATABASE postgres TO "+owner)
	own := open(t, as(t, conn, owner), name)
	if err := own.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := open(t, as(t, conn, working), name)
	if _, err := q.Record(t.Context(), address); err == nil || !strings.Contains(err.Error(), "kmsplan worker -grant ROLE") {
		t.Errorf("without rights: %v", err)
	}
	for _, statement := range own.Grants(working) {
		sql(t, as(t, conn, owner), statement)
	}
	if err := q.Create(t.Context(), queuetest.Spec(address, 2), queuetest.Parts(2)); err != nil {
		t.Fatal(err)
	}
	change(t, q, batch.Running)
	if err := q.Bucket("here", quota.Symmetric).Set(t.Context(), 10); err != nil {
		t.Error(err)
	}
	log := &lines{}
	logged := openLogged(t, as(t, conn, working), name, log)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := logged.Work(ctx, queue.Worker{Name: "w", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		time.Sleep(7 * time.Second) // a chunk after another: River's leader, its scheduler and our watch have their turns
		s := step(d, 3, "w")
		s.Failures = []batch.Failure{{Object: "o", Class: batch.ClassStore, Message: "m"}}
		_, err := d.Record(ctx, s)
		return err
	}})
	if r := record(t, q); err != nil || r.Status != batch.Done {
		t.Errorf("the record is %+v: %v", r, err)
	}
	if said := log.String(); strings.Contains(said, "42501") || strings.Contains(said, "permission denied") {
		t.Errorf("River lacks rights: %s", said)
	}
	if err := q.Create(t.Context(), queuetest.Spec(address, 1), queuetest.Parts(1)); err != nil {
		t.Errorf("a second batch of the address: %v", err)
	}
	change(t, q, batch.Paused)
	change(t, q, batch.Cancelled)
	if err := q.Migrate(t.Context()); err != nil {
		t.Logf("a working role that migrates what is there: %v", err)
	}
}
