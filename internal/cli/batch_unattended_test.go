package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whoever starts, watches or looks at a batch of a queue in PostgreSQL hears that no worker is there, and what starts one; and
// hears nothing of it while one lives.
func TestABatchThatNobodyWorksOnSaysSo(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server, and many commands")
	}
	j := newRowsJob(t, 20)
	for _, g := range j.grants() {
		j.sql(g)
	}
	const alone = "no worker works on its queue now; start one with kmsplan worker batch.rows"
	said, err := j.command(t, "batch", "start", "-detach", "-json", "-auto-approve", "batch.rows").CombinedOutput()
	if err != nil || !strings.Contains(string(said), `batch.rows: `+alone) {
		t.Errorf("start: %v\n%s", err, said)
	}
	for command, want := range map[string]string{"batch status batch.rows": alone, "batch status": alone, "batch status -json batch.rows": `"workers_present": 0`} {
		if said := j.run(t, 0, strings.Fields(command)...); !strings.Contains(string(said), want) {
			t.Errorf("%s: %s", command, said)
		}
	}
	watch := j.command(t, "batch", "watch", "-json", "batch.rows")
	out, err := os.Create(filepath.Join(t.TempDir(), "watched"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	watch.Stdout, watch.Stderr = out, out
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	watched := func() string {
		text, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(watched(), alone) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	j.sql("INSERT INTO jobs.workers (id, name, seen) VALUES (gen_random_uuid(), 'elsewhere', now() + interval '1 hour')")
	if said := string(j.run(t, 0, "batch", "status", "-json", "batch.rows")); !strings.Contains(said, `"workers_present": 1`) {
		t.Errorf("one lives: %s", said)
	}
	if said := string(j.run(t, 0, "batch", "status", "batch.rows")); strings.Contains(said, alone) {
		t.Errorf("one lives: %s", said)
	}
	j.run(t, 0, "worker", "-once")
	if err := watch.Wait(); err != nil || !strings.Contains(watched(), `"status":"done"`) || strings.Count(watched(), alone) != 1 {
		t.Errorf("watched: %v\n%s", err, watched())
	}
}
