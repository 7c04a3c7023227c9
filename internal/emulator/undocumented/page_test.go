package undocumented_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

var update = flag.Bool("update", false, "write the decisions into docs/emulator.md")

// The limits page holds the table between these lines.
const (
	page  = "../../../docs/emulator.md"
	begin = "<!-- undocumented: begin -->\n"
	end   = "<!-- undocumented: end -->\n"
)

// TestLimitsPageHoldsTheDecisions: what docs/emulator.md says between the markers
// is what the constants say.
func TestLimitsPageHoldsTheDecisions(t *testing.T) {
	text, err := os.ReadFile(page)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no docs/emulator.md")
	}
	if err != nil {
		t.Fatal(err)
	}
	table, err := undocumented.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("docs/emulator.md has no lines %q and %q; put them where the table belongs, and run this test with -update", begin, end)
	}
	want := before + begin + table + end + after
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("docs/emulator.md is stale: go test ./internal/emulator/undocumented -update")
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
