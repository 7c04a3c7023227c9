package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
)

// rowsJob is a module with a batch of rows whose queue is in the same database, on a PostgreSQL of the test's own.
type rowsJob struct {
	*testing.T
	server *pgtest.Server
	aMachine
}

const rowsModule = theGateway + `
key "orders" {}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
batch "rows" {
  action = "%s"
  key    = alias.orders.name
  source {
    postgres {
      table  = "app.orders"
      column = "body"
    }
  }
  queue {
    postgres {
      schema_name = "jobs"
    }
  }
  chunk {
    objects = 50
  }
  rate {
    calls_per_second = 2000
  }
}
`

// newRowsJob has rows of plaintext and a queue's tables, both of the role postgres. Commands connect as the role worker,
// which may nothing yet.
func newRowsJob(t *testing.T, rows int) *rowsJob {
	t.Helper()
	j := &rowsJob{T: t, server: pgtest.Start(t), aMachine: aMachine{dir: t.TempDir()}}
	j.sql("CREATE ROLE worker LOGIN")
	j.sql("CREATE SCHEMA app")
	j.sql("CREATE TABLE app.orders (id int PRIMARY KEY, body bytea, note text)")
	j.sql(fmt.Sprintf("INSERT INTO app.orders SELECT n, convert_to('order ' || n, 'UTF8') FROM generate_series(1, %d) n", rows))
	attach(t, j.dir, emulatortest.New(t))
	j.action("encrypt")
	j.as(j.server.ConnStr())
	j.run(t, 0, "apply", "-auto-approve")
	j.run(t, 0, "worker", "-migrate")
	j.as(strings.Replace(j.server.ConnStr(), "user=postgres", "user=worker", 1))
	return j
}

// as lets commands connect so.
func (j *rowsJob) as(connStr string) { j.env = []string{"KMSPLAN_PG_CONN_STR=" + connStr} }

func (j *rowsJob) action(action string) {
	if err := os.WriteFile(filepath.Join(j.dir, "main.kms.hcl"), fmt.Appendf(nil, rowsModule, action), 0o600); err != nil {
		j.Fatal(err)
	}
}

// grants are the statements that worker -grant prints, without its comments.
func (j *rowsJob) grants() (statements []string) {
	j.Helper()
	for line := range strings.Lines(string(j.run(j.T, 0, "worker", "-grant", "worker"))) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "--") {
			statements = append(statements, line)
		}
	}
	return statements
}

// begun creates the batch and lets it run, for workers to come.
func (j *rowsJob) begun() {
	j.Helper()
	j.run(j.T, 1, "batch", "start", "-input=false", "batch.rows")
	j.run(j.T, 0, "batch", "resume", "batch.rows")
}

// sql runs a statement as the server's owner, and gives its rows' first column.
func (j *rowsJob) sql(statement string, args ...any) (all []string) {
	j.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(j.Context()), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, j.server.ConnStr())
	if err != nil {
		j.Fatal(err)
	}
	defer c.Close(ctx)
	rows, err := c.Query(ctx, statement, append([]any{pgx.QueryExecModeExec}, args...)...)
	if err == nil {
		all, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		j.Fatalf("%s: %v", statement, err)
	}
	return all
}

// without counts the rows that are no envelopes.
func (j *rowsJob) without() string {
	j.Helper()
	return j.sql("SELECT count(*)::text FROM app.orders WHERE substr(body, 1, 21) <> 'kmsplan.dev/envelope/'::bytea")[0]
}

// until waits for a query to answer so.
func (j *rowsJob) until(query, want string) bool {
	j.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if j.sql(query)[0] == want {
			return true
		}
	}
	return false
}
