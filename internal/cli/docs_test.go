package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"kmsplan.dev/kmsplan/internal/view"
)

//go:generate go test . -run TestCommandReference -update

var update = flag.Bool("update", false, "rewrite docs/commands")

// TestCommandReference holds docs/commands against the commands themselves; -update writes it.
func TestCommandReference(t *testing.T) {
	a := &app{now: time.Now, term: view.NewTerminal(&bytes.Buffer{}, &bytes.Buffer{}, func(string) string { return "" })}
	root := a.root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true
	dir := filepath.Join("..", "..", "docs", "commands")
	want := map[string]string{}
	reference(t, root, want)
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if want[f.Name()] == "" {
			t.Errorf("docs/commands/%s describes no command; run go generate ./internal/cli", f.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != text {
			t.Errorf("docs/commands/%s is stale; run go generate ./internal/cli", name)
		}
	}
}

// reference renders one file per command; the operations of kms share one, they are a hundred.
func reference(t *testing.T, c *cobra.Command, into map[string]string) {
	var b bytes.Buffer
	if err := doc.GenMarkdown(c, &b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if c.Name() == "kms" {
		text, _, _ = strings.Cut(text, "### SEE ALSO")
		text += "### SEE ALSO\n\n* [kmsplan](kmsplan.md)\n" + operationsReference(c)
	}
	into[strings.ReplaceAll(c.CommandPath(), " ", "_")+".md"] = text
	if c.Name() == "kms" {
		return
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			reference(t, sub, into)
		}
	}
}

// operationsReference lists the flags of every operation.
func operationsReference(c *cobra.Command) string {
	var b strings.Builder
	b.WriteString("\n### Operations\n")
	for _, sub := range c.Commands() {
		b.WriteString("\n#### " + sub.Name() + "\n\n" + sub.Short + "\n\n```\n" + sub.NonInheritedFlags().FlagUsages() + "```\n")
	}
	return b.String()
}
