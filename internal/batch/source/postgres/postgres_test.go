package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/postgres"
	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
)

// servers are where the tests find PostgreSQL, and the same behind a pooler in transaction mode.
var servers = map[string]string{"PostgreSQL": "KMSPLAN_TEST_PG", "PgBouncer": "KMSPLAN_TEST_PGBOUNCER"}

func each(t *testing.T, test func(t *testing.T, db database)) {
	for name, variable := range servers {
		t.Run(name, func(t *testing.T) {
			conn := os.Getenv(variable)
			if conn == "" {
				t.Skipf("no server: %s is not set; .ci/servers starts one", variable)
			}
			test(t, connect(t, conn))
		})
	}
}

// database is what the tests do behind a source's back.
type database struct {
	conn string
	pool *pgxpool.Pool
}

func connect(t *testing.T, conn string) database {
	t.Helper()
	c, err := pgxpool.ParseConfig(conn)
	if err != nil {
		t.Fatal(err)
	}
	c.ConnConfig.DefaultQueryExecMode, c.MaxConns = pgx.QueryExecModeExec, 4
	pool, err := pgxpool.NewWithConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return database{conn, pool}
}

func (d database) sql(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := d.pool.Exec(context.Background(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// table makes one with these columns, of its own name, and takes it away with the test.
func (d database) table(t *testing.T, columns string) string {
	t.Helper()
	if _, err := d.pool.Exec(t.Context(), "CREATE SCHEMA IF NOT EXISTS kmsplan_source"); err != nil && !strings.Contains(err.Error(), "23505") {
		t.Fatal(err) // 23505: another test made it at the same time
	}
	name := `kmsplan_source."T ` + uuid.NewString() + `"`
	d.sql(t, "CREATE TABLE "+name+" ("+columns+")")
	t.Cleanup(func() { d.sql(t, "DROP TABLE "+name) })
	return name
}

func (d database) open(t *testing.T, table, column string, change ...func(*postgres.Options)) *postgres.Source {
	t.Helper()
	o := postgres.Options{ConnStr: d.conn, Table: table, Column: column, Most: 2}
	for _, f := range change {
		f(&o)
	}
	s, err := postgres.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// keyed are tables with each kind of primary key, and the nth key's name.
var keyed = map[string]struct {
	columns, column string
	name            func(n int) string
	insert          string // $1 = the content, the rest the key
	key             func(n int) []any
}{
	"bytea by bigint": {"id bigint PRIMARY KEY, body bytea", "body", func(n int) string { return fmt.Sprint(n * 7) }, "(body, id) VALUES ($1::bytea, $2::text::bigint)",
		func(n int) []any { return []any{fmt.Sprint(n * 7)} }},
	"text by uuid": {"id uuid PRIMARY KEY, body text NOT NULL", "body", func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) },
		"(body, id) VALUES (convert_from($1::bytea, 'UTF8'), $2::text::uuid)", func(n int) []any { return []any{fmt.Sprintf("00000000-0000-4000-8000-%012d", n)} }},
	"bytea by instant": {"at timestamp PRIMARY KEY, body bytea", "body", func(n int) string { return fmt.Sprintf("2026-11-30 00:00:00.%06d", n*10+100001) },
		"(body, at) VALUES ($1::bytea, $2::text::timestamp)", func(n int) []any { return []any{fmt.Sprintf("2026-11-30 00:00:00.%06d", n*10+100001)} }},
	"bytea by three columns": {`tenant text, "No" int, at timestamptz, "Body ""x""" bytea, PRIMARY KEY (tenant, "No", at)`, `"Body ""x"""`,
		func(n int) string { return fmt.Sprintf(`["a<b \"c\"","%d","2026-11-30 00:00:00+00"]`, n) },
		`("Body ""x""", tenant, "No", at) VALUES ($1::bytea, $2::text, $3::text::int, $4::text::timestamptz)`,
		func(n int) []any { return []any{`a<b "c"`, fmt.Sprint(n), "2026-11-30 00:00:00+00"} }},
}

func TestSuite(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		for name, k := range keyed {
			t.Run(name, func(t *testing.T) {
				sourcetest.Suite(t, func(t *testing.T) sourcetest.Rig {
					table := db.table(t, k.columns)
					index := map[string]int{}
					for n := range 30 {
						index[k.name(n)] = n
					}
					where := func(name string) (string, []any) {
						names := strings.Split(k.insert[1:strings.Index(k.insert, ")")], ", ")[1:]
						var all []string
						for n, column := range names {
							all = append(all, fmt.Sprintf("%s::text = $%d", column, n+1))
						}
						return strings.Join(all, " AND "), k.key(index[name])
					}
					read := "encode(" + k.column + ", 'hex')"
					if strings.Contains(k.columns, "body text") {
						read = "encode(convert_to(body, 'UTF8'), 'hex')"
					}
					remove := func(t *testing.T, name string) {
						cond, args := where(name)
						db.sql(t, "SET TimeZone = 'UTC'")
						db.sql(t, "DELETE FROM "+table+" WHERE "+cond, args...)
					}
					return sourcetest.Rig{
						Source: db.open(t, table, k.column), Name: k.name, Delete: remove,
						Put: func(t *testing.T, name string, content []byte) {
							remove(t, name)
							db.sql(t, "INSERT INTO "+table+" "+k.insert, append([]any{content}, k.key(index[name])...)...)
						},
						Get: func(t *testing.T, name string) []byte {
							cond, args := where(name)
							var text string
							err := db.pool.QueryRow(t.Context(), "SELECT "+read+" FROM "+table+" WHERE "+cond, args...).Scan(&text)
							if errors.Is(err, pgx.ErrNoRows) {
								return nil
							}
							if err != nil {
								t.Fatal(err)
							}
							var content []byte
							if _, err := fmt.Sscanf(text, "%x", &content); err != nil && text != "" {
								t.Fatal(err)
							}
							return content
						},
					}
				})
			})
		}
	})
}

func handle(t *testing.T, s *postgres.Source, name string) source.Handle {
	t.Helper()
	h, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func text(s string) source.Content {
	return source.Content{Head: strings.NewReader(s), Size: int64(len(s)), Keep: -1}
}

func TestAListingGoesOverItsPages(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		table := db.table(t, "id int PRIMARY KEY, body bytea")
		db.sql(t, "INSERT INTO "+table+" SELECT n, CASE WHEN n % 2 = 0 THEN 'x'::bytea END FROM generate_series(-1200, 3799) n")
		var got []string
		if err := db.open(t, table, "body").List(t.Context(), "", func(o source.Object) error { got = append(got, o.Name); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2500 || got[0] != "-1200" || got[2499] != "3798" || !slices.Contains(got, "1000") {
			t.Errorf("%d rows are listed, from %s to %s", len(got), got[0], got[len(got)-1])
		}
	})
}

// Of two that write one row at once, one does and the other hears of it.
func TestTwoWritersAtOnce(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		table := db.table(t, "id int PRIMARY KEY, body bytea, writes int NOT NULL DEFAULT 0")
		db.sql(t, "INSERT INTO "+table+" SELECT n, 'old' FROM generate_series(1, 40) n")
		s := []*postgres.Source{db.open(t, table, "body"), db.open(t, table, "body")}
		for n := range 40 {
			var wg sync.WaitGroup
			errs := make([]error, 2)
			handles := []source.Handle{handle(t, s[0], fmt.Sprint(n+1)), handle(t, s[1], fmt.Sprint(n+1))}
			for i := range 2 {
				wg.Go(func() { _, errs[i] = handles[i].Replace(t.Context(), text(fmt.Sprintf("written by %d", i))) })
			}
			wg.Wait()
			won := slices.Index(errs, nil)
			if won < 0 || !errors.Is(errs[1-won], source.ErrChanged) {
				t.Fatalf("row %d: %v and %v", n+1, errs[0], errs[1])
			}
			got := make([]byte, 12)
			if _, err := handle(t, s[0], fmt.Sprint(n+1)).ReadAt(got, 0); err != nil || string(got) != fmt.Sprintf("written by %d", won) {
				t.Errorf("row %d is %q: %v", n+1, got, err)
			}
		}
	})
}

// A text column holds an envelope as base64, in lines or not, and everything else as it is.
func TestTextHoldsEnvelopesInBase64(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		table := db.table(t, "id text PRIMARY KEY, body text")
		envelope := append([]byte("kmsplan.dev/envelope/v1\n"), bytes.Repeat([]byte{0, 0xff, 'x'}, 100)...)
		envelope = append(envelope, 'y')
		db.sql(t, "INSERT INTO "+table+" VALUES ('lines', encode($1::bytea, 'base64')), ('one', replace(encode($1::bytea, 'base64'), E'\\n', '')), ('plain', 'a: ä'), ('broken', 'a21zcGxhbi5kZXYvZW52ZWxvcGUv!')", envelope)
		s := db.open(t, table, "body")
		sizes := map[string]int64{}
		if err := s.List(t.Context(), "", func(o source.Object) error { sizes[o.Name] = o.Size; return nil }); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]byte{"lines": envelope, "one": envelope, "plain": []byte("a: ä")} {
			h := handle(t, s, name)
			got := make([]byte, h.Object().Size)
			if _, err := h.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) || sizes[name] != int64(len(want)) {
				t.Errorf("%s has %d bytes, in the listing %d, want %d: %v", name, len(got), sizes[name], len(want), err)
			}
			if _, err := h.Replace(t.Context(), source.Content{Head: strings.NewReader("kmsplan.dev/envelope/"), Size: -1, Keep: 1}); err != nil {
				t.Error(err)
			}
			var stored string
			if err := db.pool.QueryRow(t.Context(), "SELECT convert_from(substr(decode(body, 'base64'), 1, 21), 'UTF8') FROM "+table+" WHERE id = $1", name).Scan(&stored); err != nil || stored != "kmsplan.dev/envelope/" {
				t.Errorf("%s was written as %q: %v", name, stored, err)
			}
		}
		if _, err := s.Open(t.Context(), "broken"); !errors.Is(err, source.ErrRefused) {
			t.Errorf("an envelope in base64 that is none: %v", err)
		}
		if _, err := handle(t, s, "plain").Replace(t.Context(), text("no\x00text")); !errors.Is(err, source.ErrRefused) {
			t.Errorf("bytes that are no text: %v", err)
		}
	})
}

func TestLargeValuesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, db database) {
		table := db.table(t, "id int PRIMARY KEY, body bytea")
		db.sql(t, "INSERT INTO "+table+" VALUES (1, repeat('x', 101)::bytea), (2, repeat('x', 100)::bytea)")
		s := db.open(t, table, "body", func(o *postgres.Options) { o.Largest = 100 })
		if _, err := s.Open(t.Context(), "1"); !errors.Is(err, source.ErrRefused) {
			t.Errorf("101 bytes: %v", err)
		}
		for _, c := range []source.Content{text(strings.Repeat("y", 101)), {Head: strings.NewReader("y"), Size: 1, Keep: 0}} {
			if _, err := handle(t, s, "2").Replace(t.Context(), c); !errors.Is(err, source.ErrRefused) {
				t.Errorf("a new value of 101 bytes: %v", err)
			}
		}
		w, err := handle(t, s, "2").Replace(t.Context(), source.Content{Head: strings.NewReader("y"), Size: 1, Keep: 1})
		if err != nil || w.Sent != 1 || w.Copied != 99 {
			t.Errorf("a byte before 99 that stay: %+v, %v", w, err)
		}
	})
}
