package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/postgres"
	share "kmsplan.dev/kmsplan/internal/state/pg/connect"
	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Rows are written one after the other while sessions are cut and the server crashes and recovers. Each write that was
// reported is there, none is there twice, and what the table counts is what was reported.
func TestAServerThatGoesDownInTheMiddle(t *testing.T) {
	server := pgtest.Start(t)
	for way, conn := range map[string]string{"PostgreSQL": server.ConnStr(), "PgBouncer": server.Pooler("server_login_retry = 1")} {
		t.Run(way, func(t *testing.T) { cutWhileWriting(t, server, conn) })
	}
}

func cutWhileWriting(t *testing.T, server *pgtest.Server, conn string) {
	const rows = 300
	db := connect(t, server.ConnStr())
	table := db.table(t, "id int PRIMARY KEY, body bytea, writes int NOT NULL DEFAULT 0")
	db.sql(t, "INSERT INTO "+table+" SELECT n, 'old' FROM generate_series(1, $1::int) n", rows)
	db.sql(t, `CREATE OR REPLACE FUNCTION kmsplan_source.counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END $$`)
	db.sql(t, "CREATE TRIGGER counted BEFORE UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION kmsplan_source.counted()")
	s := (database{conn: conn}).open(t, table, "body", func(o *postgres.Options) {
		o.Retrying = remote.Retrying{Attempts: 30, Pause: 50 * time.Millisecond}
	})
	var done atomic.Int32
	written := make(chan error, 1)
	go func() {
		written <- s.List(context.Background(), "", func(o source.Object) error {
			h, err := s.Open(context.Background(), o.Name)
			if err == nil {
				_, err = h.Replace(context.Background(), text("new "+o.Name))
			}
			if err != nil {
				return fmt.Errorf("row %s: %w", o.Name, err)
			}
			done.Add(1)
			return nil
		})
	}()
	cuts := disturb(server, &done, rows)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	var wrong int
	again := connect(t, server.ConnStr())
	if err := again.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table+" WHERE writes <> 1 OR body <> ('new ' || id)::bytea").Scan(&wrong); err != nil || wrong != 0 {
		t.Errorf("%d rows of %d are not written exactly once: %v", wrong, rows, err)
	}
	t.Logf("cut %d times", cuts)
}

// disturb cuts whenever another thirty rows are written, each third time by ending the server.
func disturb(server *pgtest.Server, done *atomic.Int32, rows int32) (cuts int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for next := int32(10); next < rows; <-tick.C {
		if done.Load() < next {
			continue
		}
		if next += 30; cuts%3 == 2 {
			server.Down()
			server.Up()
		} else {
			server.Terminate()
		}
		cuts++
	}
	return cuts
}

// What a trigger would make of a content is undone, and what it keeps out is said.
func TestATriggerThatChangesWhatIsWrittenUndoesTheWrite(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		table := db.table(t, "id int PRIMARY KEY, body bytea")
		db.sql(t, "INSERT INTO "+table+" VALUES (1, 'old'), (2, 'old'), (3, 'old')")
		name := "f" + strings.ReplaceAll(table[18:54], "-", "")
		db.sql(t, "CREATE FUNCTION kmsplan_source."+name+`() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.id = 1 THEN NEW.body := 'canary' || NEW.body; END IF; IF NEW.id = 2 THEN RETURN NULL; END IF;
			IF NEW.id = 3 THEN RAISE 'canary %', NEW.body; END IF; RETURN NEW; END $$`)
		t.Cleanup(func() { db.sql(t, "DROP FUNCTION kmsplan_source."+name+" CASCADE") })
		db.sql(t, "CREATE TRIGGER changes BEFORE UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION kmsplan_source."+name+"()")
		s := db.open(t, table, "body")
		for _, row := range []string{"1", "2", "3"} {
			_, err := handle(t, s, row).Replace(t.Context(), text("canary new"))
			if !errors.Is(err, source.ErrRefused) || strings.Contains(err.Error(), "canary") {
				t.Errorf("row %s: %v", row, err)
			}
			if got := handle(t, s, row).Object().Size; got != 3 {
				t.Errorf("row %s has %d bytes by now", row, got)
			}
		}
		notes, err := s.Advice(t.Context())
		if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "the trigger changes") {
			t.Errorf("the notes are %q, %v", notes, err)
		}
	})
}

// In the transaction that a context carries, a write is there when that is committed; one that is refused takes nothing along.
// A transaction of another database is not joined.
func TestAWriteIsPartOfTheCallersTransaction(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		table := db.table(t, "id int PRIMARY KEY, body bytea CHECK (body <> 'no')")
		s := db.open(t, table, "body")
		of, err := share.DatabaseOf(t.Context(), db.pool)
		if err != nil {
			t.Fatal(err)
		}
		for _, commits := range []bool{false, true} {
			db.sql(t, "INSERT INTO "+table+" VALUES (1, 'old'), (2, 'old') ON CONFLICT DO NOTHING")
			tx, err := db.pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx := share.WithTx(t.Context(), tx, of)
			if joins, err := s.Joins(ctx); err != nil || !joins {
				t.Errorf("the transaction is joined: %v, %v", joins, err)
			}
			if joins, err := s.Joins(share.WithTx(t.Context(), tx, "another")); err != nil || joins {
				t.Errorf("another database's transaction is joined: %v, %v", joins, err)
			}
			if _, err := handle(t, s, "2").Replace(ctx, text("no")); !errors.Is(err, source.ErrRefused) {
				t.Errorf("a value that a constraint refuses: %v", err)
			}
			if _, err := handle(t, s, "1").Replace(ctx, text("brand new")); err != nil {
				t.Fatal(err)
			}
			if h, err := s.Open(ctx, "1"); err != nil || h.Object().Size != 9 {
				t.Errorf("inside of the transaction: %v", err)
			}
			if size := handle(t, s, "1").Object().Size; size != 3 {
				t.Errorf("before the end the row has %d bytes", size)
			}
			want := map[bool]int64{false: 3, true: 9}[commits]
			if commits {
				err = tx.Commit(t.Context())
			} else {
				err = tx.Rollback(t.Context())
			}
			if size := handle(t, s, "1").Object().Size; err != nil || size != want {
				t.Errorf("after the end (committed: %v) the row has %d bytes: %v", commits, size, err)
			}
		}
	})
}

// A probe says what a batch would run into.
func TestAProbeRefusesWhatCannotBeRewritten(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		for columns, want := range map[string]string{
			"id int, body bytea":                                             "no primary key",
			"id int PRIMARY KEY, body jsonb":                                 "of type jsonb",
			"id real PRIMARY KEY, body bytea":                                "of type float4",
			"body bytea PRIMARY KEY":                                         "part of the primary key",
			"id int PRIMARY KEY, body text GENERATED ALWAYS AS ('x') STORED": "generated",
			"id int PRIMARY KEY, other bytea":                                "no such table with such a column",
		} {
			if err := db.open(t, db.table(t, columns), "body").Probe(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", columns, err)
			}
		}
	})
}

// A role that may not write is told so before anything begins, and one that may needs no more than the documented rights.
func TestTheRightsThatAreNeeded(t *testing.T) {
	server := pgtest.Start(t)
	db := connect(t, server.ConnStr())
	table := db.table(t, "id int PRIMARY KEY, body bytea, other int")
	db.sql(t, "INSERT INTO "+table+" VALUES (1, 'old')")
	db.sql(t, "CREATE ROLE worker LOGIN")
	s := (database{conn: strings.Replace(server.ConnStr(), "user=postgres", "user=worker", 1)}).open(t, table, "body")
	for _, grant := range []string{"USAGE ON SCHEMA kmsplan_source", "SELECT (id, body) ON " + table, "UPDATE (body) ON " + table} {
		if err := s.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("before GRANT %s: %v", grant, err)
		}
		db.sql(t, "GRANT "+grant+" TO worker")
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := handle(t, s, "1").Replace(t.Context(), text("new")); err != nil {
		t.Error(err)
	}
	if _, err := s.Joins(share.WithTx(t.Context(), pgx.Tx(nil), "")); err != nil {
		t.Error(err)
	}
	if _, err := s.Advice(t.Context()); err != nil {
		t.Error(err)
	}
}
