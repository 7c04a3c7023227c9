package connect_test

import (
	"context"
	"os"
	"strings"
	"testing"

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
