package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// manyKeys is how many keys the discovered account has: as many as a test may take time for. KMSPLAN_DISCOVER_KEYS=5000
// measures (docs/benchmarks.md).
func manyKeys(t *testing.T) int {
	text := os.Getenv("KMSPLAN_DISCOVER_KEYS")
	if text == "" {
		return 150
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An account that nobody declared becomes a stack in four commands, and nothing of it changes: discover, a plan of imports
// only, apply, and a plan without changes.
func TestADiscoveredAccountIsAtRest(t *testing.T) {
	dir, n := t.TempDir(), manyKeys(t)
	seedAccount(t, dir, n)
	main := "gateway \"dev\" {\n  emulator {\n    seed = \"seed.json\"\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), os.Args[0], args...)
		c.Dir, c.Env = dir, append(os.Environ(), clitest.ActAsMain+"=1", "NO_COLOR=1", "HOME="+dir)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("kmsplan %v: %v\n%s", args, err, out)
		}
		used := c.ProcessState
		t.Logf("kmsplan %s: %.1f CPU-s", args[0], (used.UserTime() + used.SystemTime()).Seconds())
		return string(out)
	}
	found := run("discover", "-out", ".", "-group-by", "tag:team", "-trace-calls")
	t.Log(found[max(0, len(found)-2000):])
	if strings.Contains(found, canary) {
		t.Fatal("the answer of discover has a secret's value")
	}
	run("fmt", "-check")
	if p := run("plan"); !strings.Contains(p, "to import, 0 to add, 0 to change, 0 to destroy.") {
		t.Fatalf("the plan is of more than imports:\n%s", p[max(0, len(p)-3000):])
	}
	run("apply", "-auto-approve")
	run("plan", "-detailed-exitcode")
}

// canary is the value of every secret of the account.
const canary = "canary-5d1e-discovered"

// seedAccount writes a seed file with n keys, an alias for each, and a secret for each 25th.
func seedAccount(t *testing.T, dir string, n int) {
	t.Helper()
	const instance = "kst-hzz00000000000000001"
	var keys, aliases, secrets []map[string]any
	for i := range n {
		team := fmt.Sprintf("team-%d", i%25)
		key := map[string]any{"id": fmt.Sprintf("key-hzz%017d", i), "description": fmt.Sprintf("key %d: \"${%d}\"\n", i, i), "tags": map[string]string{"team": team, "env": "prod"}}
		if i%2 == 1 {
			key["instance"] = instance
		}
		if i%3 == 0 {
			key["rotation_interval"] = "365d"
		}
		if i%7 == 0 {
			key["state"] = "Disabled"
		}
		keys = append(keys, key)
		aliases = append(aliases, map[string]any{"name": fmt.Sprintf("alias/%s/k%d", team, i), "key": key["id"]})
		if i%25 == 0 {
			secret := map[string]any{"name": fmt.Sprintf("%s/db-%d", team, i), "versions": []any{map[string]any{"id": "v1", "data": canary}}, "tags": map[string]string{"team": team}}
			if i%2 == 0 {
				secret["encryption_key"] = key["id"]
			}
			secrets = append(secrets, secret)
		}
	}
	doc, err := json.Marshal(map[string]any{"instances": []any{map[string]any{"id": instance}}, "keys": keys, "aliases": aliases, "secrets": secrets})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "seed.json"), doc, 0o600); err != nil {
		t.Fatal(err)
	}
}
