package connect_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

func none(string) string { return "" }

func TestNoPasswordIsWrittenDownAndNothingGoesUnencrypted(t *testing.T) {
	const secret = "canary-pg-password"
	for name, tt := range map[string]struct{ conn, want string }{
		"password in the URL":      {"postgres://u:" + secret + "@h/d", "holds a password"},
		"password in the keywords": {"host=h password=" + secret, "holds a password"},
		"unreadable":               {"postgres://u:" + secret + "@h:port/d", "cannot be read"},
		"plaintext first":          {"postgres://u@db.example/d?sslmode=allow", "without TLS"},
	} {
		_, err := connect.Options{For: "the postgres source", ConnStr: tt.conn}.Pool(t.Context(), none)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "the postgres source") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADatabaseIsToldFromOthers(t *testing.T) {
	conn := os.Getenv("KMSPLAN_TEST_PG")
	if conn == "" {
		t.Skip("no server: KMSPLAN_TEST_PG is not set; .ci/servers starts one")
	}
	of := func(conn string) connect.Database {
		pool, err := connect.Options{For: "the test", ConnStr: conn, Settings: map[string]string{"TimeZone": "UTC"}}.Pool(t.Context(), none)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		d, err := connect.DatabaseOf(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, again, other := of(conn), of(conn), of(strings.Replace(conn, "/postgres?", "/template1?", 1))
	if one == "" || one != again || one == other {
		t.Errorf("one database is %q and %q, another is %q", one, again, other)
	}
	if tx, d := connect.Tx(context.Background()); tx != nil || d != "" {
		t.Errorf("a context without a transaction carries %v of %q", tx, d)
	}
}

// An identifier is the same in a copy of a server. What a transaction has locked is not.
func TestACopyIsNotTheSameDatabase(t *testing.T) {
	conn := os.Getenv("KMSPLAN_TEST_PG")
	if conn == "" {
		t.Skip("no server: KMSPLAN_TEST_PG is not set; .ci/servers starts one")
	}
	open := func(conn string) *pgxpool.Pool {
		pool, err := connect.Options{For: "the test", ConnStr: conn}.Pool(t.Context(), none)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool
	}
	tx, err := open(conn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	ctx := connect.WithTx(t.Context(), tx, "an identifier")
	for name, c := range map[string]struct {
		conn string
		want bool
	}{
		"the same": {conn, true}, "another": {strings.Replace(conn, "/postgres?", "/template1?", 1), false},
		"the same, as another role": {strings.Replace(conn, "postgres@", "kmsplan_other@", 1), false},
	} {
		if strings.Contains(c.conn, "kmsplan_other") {
			owner := open(conn)
			if _, err := owner.Exec(t.Context(), "DO $$ BEGIN CREATE ROLE kmsplan_other LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if same, err := connect.Same(ctx, open(c.conn)); err != nil || same != c.want {
				t.Errorf("%s is the same: %v, %v", name, same, err)
			}
		}
	}
	if same, err := connect.Same(t.Context(), open(conn)); err != nil || same {
		t.Errorf("without a transaction: %v, %v", same, err)
	}
}
