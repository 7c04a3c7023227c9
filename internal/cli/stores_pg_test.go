package cli

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// The ways to PostgreSQL: through a pooler, or past it, as a role that signs in with its password.
const (
	pooled = "KMSPLAN_TEST_PGBOUNCER"
	direct = "KMSPLAN_TEST_PG"
)

// theRole is the one that .ci/servers lets in with its password alone.
const theRole = "kmsplan_canary"

// onPG is a schema of its own, dropped with the test.
func onPG(t *testing.T, way string) aStore {
	address, err := url.Parse(needs(t, way))
	if err != nil {
		t.Fatal(err)
	}
	schema, stack, password := unused(), unused(), `canary "pg" `+uuid.NewString()
	t.Cleanup(func() { query(t, "DROP SCHEMA IF EXISTS "+schema+" CASCADE") })
	s := aStore{
		block:   fmt.Sprintf("backend \"pg\" {\n schema_name = %q\n name = %q\n }", schema, stack),
		secrets: map[string]string{"the password of PostgreSQL": password},
		holds:   func(t *testing.T) map[string][]byte { return rowsOf(t, schema) },
		plant: func(t *testing.T, text string) {
			query(t, "INSERT INTO "+schema+".objects (stack, name, data) VALUES ($1, $2, $3)", stack, unused(), []byte(text))
		},
	}
	if way == direct {
		signIn(t, password)
		address.User = url.User(theRole)
		s.env = []string{"KMSPLAN_PG_CONN_STR=" + address.String(), "PGPASSWORD=" + password}
		s.log = logs(t, "pg.log")
		s.mention = func(t *testing.T, text string) { query(t, "SELECT $1::text", text) }
		return s
	}
	address.User = url.UserPassword("postgres", password)
	s.env = []string{"KMSPLAN_PG_CONN_STR=" + address.String()}
	s.log = logs(t, "pgbouncer.log", "pg.log")
	s.mention = func(t *testing.T, text string) {
		query(t, "SELECT $1::text", text)
		unheard := *address
		unheard.RawQuery += "&" + text + "=1" // a parameter that the pooler does not know
		if c, err := pgx.Connect(t.Context(), unheard.String()); err == nil {
			_ = c.Close(t.Context())
			t.Error("the pooler knows the parameter " + text)
		}
	}
	return s
}

// signIn gives the role its password, by its verifier: the statement stands in the server's log.
func signIn(t *testing.T, password string) {
	t.Helper()
	const rounds = 4096
	salt := []byte(unused())
	salted, err := pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	keyed := func(what string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(what))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(keyed("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	verifier := fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", rounds, b64(salt), b64(stored[:]), b64(keyed("Server Key")))
	query(t, "DO $$ BEGIN CREATE ROLE "+theRole+" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
	query(t, "ALTER ROLE "+theRole+" PASSWORD '"+verifier+"'")
	query(t, "GRANT CREATE ON DATABASE postgres TO "+theRole)
}

// query asks the server itself, as its owner, and returns each row's first column.
func query(t *testing.T, statement string, args ...any) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // also after the test
	defer cancel()
	c, err := pgx.Connect(ctx, needs(t, direct))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	rows, err := c.Query(ctx, statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
		if len(r.RawValues()) == 0 {
			return "", nil
		}
		var text string
		return text, r.Scan(&text)
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// rowsOf is every row of every table of a schema, by its table and its order.
func rowsOf(t *testing.T, schema string) map[string][]byte {
	t.Helper()
	held := map[string][]byte{}
	for _, table := range query(t, "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1", schema) {
		for n, row := range query(t, "SELECT to_jsonb(r)::text FROM "+schema+"."+table+" r ORDER BY 1") {
			held[fmt.Sprintf("%s %d", table, n)] = []byte(row)
		}
	}
	return held
}
