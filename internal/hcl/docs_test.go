package hcl

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kind"
)

const languageDoc = "../../docs/language.md"

// generated are the sections of the reference that come from the program's own tables.
func generated() map[string]string {
	sections := map[string]string{"functions": functionTables(), "blocks": blockTables(), "removals": removalTable(), "rules": ruleList(), "backends": backendTable(), "ephemeral": ephemeralTable()}
	for _, b := range kind.Language() {
		sections[b.Name] = languageTable(b)
	}
	sections[kind.BatchKind] = batchTable()
	return sections
}

// languageTable is the table of one block of the language, its nested blocks included.
func languageTable(decl *kind.Block) string {
	var b strings.Builder
	b.WriteString("| argument | meaning |\n|---|---|\n")
	languageRows(&b, decl, "")
	return b.String()
}

// batchTable is the table of batch blocks, with what must hold in one.
func batchTable() string {
	k := kind.Batch()
	table := languageTable(&kind.Block{Attributes: k.Attributes, Blocks: k.Blocks}) + "\nBetween arguments:\n\n"
	for _, r := range k.Rules {
		table += fmt.Sprintf("- `%s`: %s\n", r.ID, r.Doc)
	}
	return table
}

// ephemeralTable is what ephemeral blocks hold.
func ephemeralTable() string {
	var b strings.Builder
	b.WriteString("| block | attribute | meaning |\n|---|---|---|\n")
	for _, name := range kind.EphemeralKinds() {
		for _, a := range kind.Ephemeral(name).Attributes {
			set := ""
			if a.Mode == kind.Required {
				set = " Required."
			}
			fmt.Fprintf(&b, "| `ephemeral %q` | `%s` | %s%s |\n", name, a.Name, a.Doc, set)
		}
	}
	return b.String()
}

// backendTable is the arguments of each backend.
func backendTable() string {
	var b strings.Builder
	b.WriteString("| backend | argument | meaning |\n|---|---|---|\n")
	for _, decl := range kind.Backends() {
		for _, a := range decl.Attributes {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", decl.Name, a.Name, a.Doc)
		}
	}
	return b.String()
}

func languageRows(b *strings.Builder, decl *kind.Block, prefix string) {
	for _, a := range decl.Attributes {
		if a.Refused != "" {
			continue
		}
		required := ""
		if a.Mode == kind.Required {
			required = " Required."
		}
		fmt.Fprintf(b, "| `%s%s` | %s%s |\n", prefix, a.Name, strings.ReplaceAll(a.Doc, "|", "\\|"), required)
	}
	for i := range decl.Blocks {
		if inner := &decl.Blocks[i]; inner.Refused == "" {
			fmt.Fprintf(b, "| `%s%s` | A block. %s |\n", prefix, inner.Name, inner.Doc)
			languageRows(b, inner, prefix+inner.Name+".")
		}
	}
}

func removalTable() string {
	var b strings.Builder
	b.WriteString("| `action` | for | what happens |\n|---|---|---|\n")
	for _, k := range append(slices.Clone(kind.Kinds()), kind.Batch()) {
		for _, r := range k.Removals {
			if r.Action == "forget" && k != kind.Batch() {
				continue
			}
			days := ""
			for _, d := range []struct {
				name string
				kind.Days
			}{{"soak_days", r.Soak}, {"window_days", r.Window}} {
				if d.Asked() {
					days += fmt.Sprintf(" `%s`: %d to %d, default %d.", d.name, d.Least, d.Most, d.Default)
				}
			}
			fmt.Fprintf(&b, "| `%q` | `%s` | %s%s |\n", r.Action, k.Name, r.Doc, days)
		}
	}
	forget := kind.Lookup("key", false).Removal("forget")
	return b.String() + fmt.Sprintf("| `%q` | every kind | %s |\n", forget.Action, forget.Doc)
}

// ruleList is what holds between blocks.
func ruleList() string {
	var b strings.Builder
	for _, r := range kind.BetweenBlocks() {
		warned := ""
		if r.Severity == kind.Warned {
			warned = " A warning."
		}
		fmt.Fprintf(&b, "- `%s`: %s%s\n", r.ID, r.Doc, warned)
	}
	return b.String()
}

func functionTables() string {
	var b strings.Builder
	group := ""
	for _, f := range Functions() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n**%s**\n\n| function | result |\n|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, strings.ReplaceAll(f.Doc, "|", "\\|"))
	}
	b.WriteString("\n**Not available**\n\n| function | why |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(refusedFunctions)) {
		why := refusedFunctions[name]
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, strings.ToUpper(why[:1])+why[1:])
	}
	return b.String() + "\n"
}

func blockTables() string {
	var b strings.Builder
	for _, k := range kind.Kinds() {
		title := k.Name
		if k.Data() {
			title = fmt.Sprintf("data %q", k.Name)
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n", title, k.Doc)
		attributeTable(&b, k.Attributes, false)
		for _, inner := range k.Blocks {
			fmt.Fprintf(&b, "\nThe nested block `%s`: %s", inner.Name, inner.Doc)
			if inner.ExclusiveWith != "" {
				fmt.Fprintf(&b, " Not beside `%s`.", inner.ExclusiveWith)
			}
			b.WriteString("\n")
			attributeTable(&b, inner.Attributes, false)
		}
		if len(k.Rules) > 0 {
			b.WriteString("\nBetween arguments:\n\n")
			for _, r := range k.Rules {
				fmt.Fprintf(&b, "- `%s`: %s\n", r.ID, r.Doc)
			}
		}
		if slices.ContainsFunc(k.Attributes, func(a kind.Attribute) bool { return a.Mode == kind.Computed }) {
			b.WriteString("\nSet by the service, to refer to:\n")
			attributeTable(&b, k.Attributes, true)
		}
	}
	return b.String() + "\n"
}

func attributeTable(b *strings.Builder, list []kind.Attribute, computed bool) {
	b.WriteString("\n| attribute | type | |\n|---|---|---|\n")
	for _, a := range list {
		if (a.Mode == kind.Computed) != computed {
			continue
		}
		var notes string
		for _, n := range []struct {
			is   bool
			text string
		}{{a.Mode == kind.Required, "**Required.** "}, {a.Immutable, "*Immutable.* "}, {a.WriteOnly, "*Write-only.* "}} {
			if n.is {
				notes += n.text
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s%s |\n", a.Name, a.Type.FriendlyName(), notes, strings.ReplaceAll(a.Doc, "|", "\\|"))
	}
}

// The reference is never behind the program.
func TestTheReferenceIsUpToDate(t *testing.T) {
	raw, err := os.ReadFile(languageDoc)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	for name, text := range generated() {
		begin, end := "<!-- generated: "+name+" -->\n", "<!-- end generated -->"
		head, rest, ok := strings.Cut(doc, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("docs/language.md has no section %s", name)
		}
		doc = head + begin + text + end + tail
	}
	if *update {
		if err := os.WriteFile(languageDoc, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if doc != string(raw) {
		t.Error("docs/language.md is out of date: go test ./internal/hcl -update writes its tables anew")
	}
	for _, name := range append(slices.Clone(metaArguments), "prevent_destroy", "ignore_changes", "on_immutable_change", "soak_days", "window_days", envPrefix, defaultVars, autoVars) {
		if !strings.Contains(doc, name) {
			t.Errorf("docs/language.md does not mention %s", name)
		}
	}
}

// Every example of the reference loads as it stands.
func TestTheReferencesExamplesLoad(t *testing.T) {
	raw, err := os.ReadFile(languageDoc)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(raw), "```hcl")
	if len(parts) < 10 {
		t.Fatal("where are the examples?")
	}
	files := map[string]string{"modules/team/policy.json": `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1234567890123456:*"]},"Action":["kms:*"],"Resource":["*"]}]}`}
	for _, part := range parts[1:] {
		src, _, _ := strings.Cut(part, "```")
		if name, text, _ := strings.Cut(src, "\n"); name != "" {
			files[strings.TrimSpace(name)] = text // a file of a module that an example calls
		}
	}
	for i, part := range parts[1:] {
		name, src, _ := strings.Cut(part, "\n")
		src, _, _ = strings.Cut(src, "```")
		if name == "" {
			files["main.kms.hcl"] = src // beside the modules of all examples
		} else {
			files["main.kms.hcl"] = "gateway \"dev\" {\n  emulator {}\n}\n"
		}
		_, diags := inModule(t, files, Inputs{Version: "0.1.0", AllowMissing: true})
		if len(diags) > 0 {
			t.Errorf("example %d: %s\n%s", i+1, shown(diags), src)
		}
		if formatted, _ := Format([]byte(src), "main.kms.hcl"); string(formatted) != src {
			t.Errorf("example %d is not formatted:\n%s", i+1, formatted)
		}
	}
}
