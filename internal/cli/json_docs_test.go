package cli

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/view"
)

// documentRow is a row of docs/json.md's table of documents: its first cell names commands.
var documentRow = regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| [^|]+ \\|$")

// Issue 9, point 8. TestEveryDocumentIsDocumented holds the table of documents in docs/json.md against the commands that print one.
func TestEveryDocumentIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range documentRow.FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			documented = append(documented, strings.Trim(name, "`"))
		}
	}
	slices.Sort(documented)
	if want := documents(bareRoot()); !slices.Equal(documented, want) {
		t.Errorf("docs/json.md lists the documents of\n%q, and these commands print one:\n%q", documented, want)
	}
}

// TestWhatPipelinesAskSpeaksJSON names the commands that issue 9 wants -json of.
func TestWhatPipelinesAskSpeaksJSON(t *testing.T) {
	root := bareRoot()
	for _, name := range []string{
		"run", "encrypt", "decrypt", "rewrap", "verify", "inspect", "force-unlock",
		"state list", "state show", "state mv", "state rm", "state pull", "state push", "state history", "state rollback", "state replace-gateway",
		"workspace list", "workspace show", "workspace new", "workspace select", "workspace delete",
	} {
		c, _, err := root.Find(strings.Fields(name))
		if err != nil {
			t.Fatal(err)
		}
		if c.Flags().Lookup("json") == nil {
			t.Errorf("kmsplan %s has no -json", name)
		}
	}
}

func bareRoot() *cobra.Command {
	a := &app{now: time.Now, term: view.NewTerminal(&bytes.Buffer{}, &bytes.Buffer{}, func(string) string { return "" })}
	return a.root()
}

// families are groups of commands that answer alike: one row names them all.
var families = map[string]string{"kms": "kms OPERATION", "emulator": "emulator COMMAND"}

// documents are the commands below c whose -json is one document, and not a stream of lines.
func documents(c *cobra.Command) (names []string) {
	if c.Flags().Lookup("json") != nil && c.Flags().Lookup("json-into") == nil {
		name := strings.TrimPrefix(c.CommandPath(), "kmsplan ")
		first, _, _ := strings.Cut(name, " ")
		names = append(names, cmp.Or(families[first], name))
	}
	for _, sub := range c.Commands() {
		names = append(names, documents(sub)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
