package undocumented_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// TestEveryDecisionIsExplained: Table fails when a constant lacks its value or
// its doubt, so that the limits page cannot omit one.
func TestEveryDecisionIsExplained(t *testing.T) {
	table, err := undocumented.Table()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range table {
		if seen[e.Name] || e.Group == "" || e.Meaning == "" || e.Doubt == "" || !strings.HasSuffix(e.Doubt, ".") {
			t.Errorf("%+v is not explained, or not once", e)
		}
		seen[e.Name] = true
	}
	if got := table[0]; got.Name != "MaxRotation" || got.Value != "17520h0m0s" || got.Group != "Rotation of keys" {
		t.Errorf("the first is %+v", got)
	}
}

func TestMarkdownHoldsEveryDecision(t *testing.T) {
	text, err := undocumented.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	table, _ := undocumented.Table()
	for _, e := range table {
		if strings.Count(text, "| `"+e.Name+"` |") != 1 {
			t.Errorf("%s is missing", e.Name)
		}
	}
}

// TestEveryDecisionIsInForce: a constant that no code of the emulator refers to
// decides nothing. One that only says what the code does by its nature is named
// here, with the place.
func TestEveryDecisionIsInForce(t *testing.T) {
	used := references(t)
	table, err := undocumented.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range table {
		if !used[e.Name] {
			t.Errorf("nothing refers to %s", e.Name)
		}
	}
}

// references are the names of this package that the emulator's other packages use.
func references(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "undocumented" || d.Name() == "witness" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "undocumented" {
					used[s.Sel.Name] = true
				}
			}
			return true
		})
		if !strings.Contains(string(text), "mulator-defined") {
			return nil
		}
		t.Errorf("%s: what is emulator-defined stands in package undocumented", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return used
}
