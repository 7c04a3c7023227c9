package plan_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEveryGuardIsDocumented holds that docs/guards.md has each guard of guard.go once, with when it refuses and ways
// forward, and no other.
func TestEveryGuardIsDocumented(t *testing.T) {
	source, err := os.ReadFile("guard.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "guards.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllSubmatch(page, -1) {
		rows[string(m[1])]++
	}
	guards := regexp.MustCompile(`(?m)^\tGuard\w+ += "([a-z-]+)"`).FindAllSubmatch(source, -1)
	for _, m := range guards {
		if n := rows[string(m[1])]; n != 1 {
			t.Errorf("%s stands %d times in docs/guards.md", m[1], n)
		}
		delete(rows, string(m[1]))
	}
	for name := range rows {
		t.Errorf("docs/guards.md has %s, and there is no such guard", name)
	}
	if len(guards) < 29 {
		t.Errorf("only %d guards were found", len(guards))
	}
}
