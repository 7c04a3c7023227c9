package fault_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

var update = flag.Bool("update", false, "write the actions into docs/emulator.md")

// TestThePageListsTheActions: what docs/emulator.md says between the markers is
// what the table says.
func TestThePageListsTheActions(t *testing.T) {
	const page, begin, end = "../../../docs/emulator.md", "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("docs/emulator.md has no lines %q and %q", begin, end)
	}
	want := before + begin + fault.Markdown() + end + after
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("docs/emulator.md is stale: go test ./internal/emulator/fault -update")
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
