package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What worker -grant prints is enough for a whole batch, directly and through a pooler of transactions; before, and with any one
// of its statements taken back, the worker is refused, and says what is missing.
func TestAWorkersRoleNeedsTheGrantsThatArePrinted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server, and many commands")
	}
	j := newRowsJob(t, 120)
	grants := j.grants()
	if len(grants) != 7 {
		t.Errorf("the grants are %q", grants)
	}
	if said := j.refused(); !strings.Contains(said, "kmsplan worker -grant") {
		t.Errorf("without rights it says\n%s", said)
	}
	for _, g := range grants {
		j.sql(g)
	}
	for _, g := range grants {
		revoke := strings.Replace(strings.Replace(g, "GRANT ", "REVOKE ", 1), " TO ", " FROM ", 1)
		j.sql(revoke)
		if said := j.refused(); t.Failed() {
			t.Fatalf("without %s it says\n%s", g, said)
		}
		j.sql(g)
	}
	j.begun()
	j.run(t, 0, "worker", "-once")
	if left := j.without(); left != "0" {
		t.Errorf("%s rows are left over", left)
	}
	j.as(j.server.PoolerAs("worker"))
	j.action("rewrap")
	j.run(t, 0, "rotate", "-auto-approve", "key.orders")
	j.begun()
	j.run(t, 0, "worker", "-once")
	if said := j.run(t, 0, "batch", "status", "batch.rows"); !strings.Contains(string(said), "is done: 120 of 120 objects") || !strings.Contains(string(said), " 0 failed") {
		t.Errorf("through the pooler: %s", said)
	}
	lines := string(j.run(t, 0, "worker", "-grant", `o"wner`, "-json"))
	if !strings.Contains(lines, `"type":"grants"`) || !strings.Contains(lines, `\"o\"\"wner\"`) {
		t.Errorf("as JSON lines: %s", lines)
	}
	j.run(t, 1, "worker", "-grant", "a\nb")
}

// refused demands that no batch is begun, and gives what is said.
func (j *rowsJob) refused() string {
	j.Helper()
	if err := os.RemoveAll(filepath.Join(j.dir, ".kmsplan", "batch")); err != nil { // planned anew
		j.Fatal(err)
	}
	said, err := j.command(j.T, "batch", "start", "-input=false", "batch.rows").CombinedOutput()
	if err == nil || !strings.Contains(string(said), "42501") {
		j.Errorf("it is not refused: %v\n%s", err, said)
	}
	return string(said)
}
