package cli

import (
	"strings"
	"testing"
)

// Where the rows are in the queue's database, a chunk's rows and its step are one transaction: a worker that is killed while the
// rows are written and not yet recorded leaves none of them, and the next one writes each once.
func TestAKillBetweenRowsAndTheirStepLeavesNeither(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server, and many commands")
	}
	j := newRowsJob(t, 120)
	for _, g := range j.grants() {
		j.sql(g)
	}
	j.sql("ALTER TABLE app.orders ADD writes int NOT NULL DEFAULT 0")
	j.sql(`CREATE FUNCTION app.counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END $$`)
	j.sql("CREATE TRIGGER counted BEFORE UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.counted()")
	j.sql("CREATE FUNCTION jobs.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$")
	j.sql("CREATE TRIGGER slow BEFORE UPDATE OF cursor ON jobs.chunks FOR EACH ROW WHEN (NEW.cursor > OLD.cursor) EXECUTE FUNCTION jobs.slow()")
	j.begun()
	c := j.command(t, "worker", "-once", "-parallel", "1")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	written := j.until("SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'", "1")
	if err := c.Process.Kill(); err != nil || !written {
		t.Fatalf("no step was being recorded (%v): %v", written, err)
	}
	_ = c.Wait() // it was killed
	j.server.Terminate()
	if left := j.without(); left != "120" {
		t.Errorf("the killed worker left %s of 120 rows as they were", left)
	}
	j.sql("DROP TRIGGER slow ON jobs.chunks")
	j.run(t, 0, "worker", "-once")
	if said := string(j.run(t, 0, "batch", "status", "batch.rows")); !strings.Contains(said, "is done: 120 of 120 objects") {
		t.Errorf("%s", said)
	}
	if wrong := j.sql("SELECT count(*)::text FROM app.orders WHERE writes <> 1")[0]; wrong != "0" || j.without() != "0" {
		t.Errorf("%s rows are not written exactly once, %s not at all", wrong, j.without())
	}
}
