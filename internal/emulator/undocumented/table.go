package undocumented

import (
	_ "embed" // for source
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

//go:embed undocumented.go
var source string

// Entry is one decision.
type Entry struct {
	Group   string // the heading it stands under
	Name    string
	Value   string // as Go prints it; durations as 8760h0m0s
	Meaning string // a sentence
	Doubt   string // why it had to be decided
}

// Table returns every decision in the order of the source, whose comments it
// quotes. An error means that the source is not as doc.go says.
func Table() ([]Entry, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "undocumented.go", source, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("read the undocumented decisions: %w", err)
	}
	known := values()
	var table []Entry
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, s := range group.Specs {
			spec := s.(*ast.ValueSpec)
			if !spec.Names[0].IsExported() {
				continue
			}
			e, err := entry(spec, known)
			if err != nil {
				return nil, err
			}
			e.Group, _, _ = strings.Cut(oneLine(group.Doc.Text()), ".")
			table = append(table, e)
		}
	}
	if len(table) != len(known) {
		return nil, fmt.Errorf("read the undocumented decisions: %d constants, %d values", len(table), len(known))
	}
	return table, nil
}

func entry(spec *ast.ValueSpec, known map[string]any) (Entry, error) {
	name := spec.Names[0].Name
	value, found := known[name]
	meaning, doubt, said := strings.Cut(oneLine(spec.Doc.Text()), " Doubt: ")
	if !found || !said {
		return Entry{}, fmt.Errorf("the undocumented decision %s lacks a value in values.go or a doubt in its comment", name)
	}
	meaning = strings.TrimPrefix(meaning, name+" ")
	return Entry{Name: name, Value: fmt.Sprint(value), Meaning: meaning, Doubt: doubt}, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Markdown renders the table for the limits page, one part a group.
func Markdown() (string, error) {
	table, err := Table()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	group := ""
	for _, e := range table {
		if e.Group != group {
			group = e.Group
			fmt.Fprintf(&b, "\n**%s**\n\n| decision | value | meaning | why it had to be decided |\n|---|---|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", e.Name, cell(e.Value), cell(e.Meaning), cell(e.Doubt))
	}
	return strings.TrimPrefix(b.String(), "\n"), nil
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
