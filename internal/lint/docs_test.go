package lint

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/lint.md")

const document = "../../docs/lint.md"

// TestTheDocumentation holds docs/lint.md against the rules; -update writes it.
func TestTheDocumentation(t *testing.T) {
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	for name, text := range map[string]string{"packs": packsText(), "rules": rulesText(t)} {
		begin, end := "<!-- generated: "+name+" -->\n", "<!-- end generated -->"
		head, rest, ok := strings.Cut(doc, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("docs/lint.md has no section %s", name)
		}
		doc = head + begin + text + end + tail
	}
	if *update {
		if err := os.WriteFile(document, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if doc != string(raw) {
		t.Error("docs/lint.md is out of date: go generate ./internal/lint writes it anew")
	}
	for _, r := range Rules() {
		if anchor := strings.TrimPrefix(r.Docs(), "docs/lint.md#"); !strings.Contains(doc, "\n### "+strings.ToUpper(anchor)+"\n") {
			t.Errorf("%s is not documented at %s", r.ID, r.Docs())
		}
	}
}

func packsText() string {
	var b strings.Builder
	for _, p := range Packs() {
		fmt.Fprintf(&b, "\n**`%s`**: %s. %s\n\n| rule | Cloud Config | InfraGuard |\n|---|---|---|\n", p.Name, p.Title, p.Doc)
		for _, s := range p.Rules {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", s.ID, strings.ToLower(s.ID), code(s.CloudConfig), code(s.InfraGuard))
		}
	}
	return b.String() + "\n"
}

func code(text string) string {
	if text == "" {
		return "–"
	}
	return "`" + text + "`"
}

// rulesText is a table of the rules, and for each what it is for with its fixtures as examples.
func rulesText(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n| rule | name | severity | finds |\n|---|---|---|---|\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "| [%s](#%s) | `%s` | %s | %s |\n", r.ID, strings.ToLower(r.ID), r.Name, r.Severity, r.Title)
	}
	for _, r := range Rules() {
		recorded := ""
		if r.Recorded {
			recorded = " Looks at what is recorded."
		}
		fmt.Fprintf(&b, "\n### %s\n\n**%s** (`%s`, %s).%s %s\n\n%s\n\nSource: %s.\n", r.ID, r.Title, r.Name, r.Severity, recorded, r.Why, r.Fix, r.Source)
		bad, good, _ := fixtures(t, r.ID)
		fmt.Fprintf(&b, "\n<details><summary>Example</summary>\n\nFound:\n\n```terraform\n%s```\n\nNot found:\n\n```terraform\n%s```\n\n</details>\n", example(bad), example(good))
	}
	return b.String() + "\n"
}

// example is the module of a fixture without the gateway that each has.
func example(f fixture) string {
	return strings.TrimPrefix(string(f["main.kms.hcl"]), "gateway \"dev\" {\n  emulator {}\n}\n")
}
