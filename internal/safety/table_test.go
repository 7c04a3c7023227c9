package safety_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/safety"
)

var update = flag.Bool("update", false, "rewrite the table in docs/reliability.md")

var top = filepath.Join("..", "..")

// TestTheTableIsWhole holds that each safety says what it protects, stands in one place of the code, and has a test.
func TestTheTableIsWhole(t *testing.T) {
	used, declared := places(t), constants(t)
	names := map[safety.Switch]bool{}
	for _, s := range safety.Table() {
		if names[s.Switch] {
			t.Errorf("%s is there twice", s.Switch)
		}
		names[s.Switch] = true
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(string(s.Switch)) {
			t.Errorf("%s is no name: write words with hyphens", s.Switch)
		}
		if !regexp.MustCompile(`^[A-Z][^|\n]+\.$`).MatchString(s.Protects) {
			t.Errorf("%s: %q is no sentence", s.Switch, s.Protects)
		}
		constant := declared[s.Switch]
		if at := used[constant]; len(at) != 1 {
			t.Errorf("%s: safety.Off(safety.%s) stands in %d places, not in one: %q", s.Switch, constant, len(at), at)
		}
		test, _, _ := strings.Cut(s.Test, "/")
		if !tested(t, s.Package, test) {
			t.Errorf("%s: %s has no %s", s.Switch, s.Package, test)
		}
	}
	for name, constant := range declared {
		if !names[name] {
			t.Errorf("%s is not in the table", constant)
		}
	}
}

// places finds the calls of Off in the code: where, by the constant that they name.
func places(t *testing.T) map[string][]string {
	at := map[string][]string{}
	for _, dir := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(top, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(text, []byte("safety.Off(")) || filepath.Base(filepath.Dir(path)) == "safety" {
				return err
			}
			for _, m := range regexp.MustCompile(`safety\.Off\((?:safety\.(\w+)|[^)]*)\)`).FindAllSubmatch(text, -1) {
				if m[1] == nil {
					t.Errorf("%s: %s names no constant of package safety", path, m[0])
				}
				at[string(m[1])] = append(at[string(m[1])], path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// constants are the names of the switches in Go, by their names outside.
func constants(t *testing.T) map[safety.Switch]string {
	all := map[safety.Switch]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, ok := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if ok && kind.Name == "Switch" && literal {
				all[safety.Switch(strings.Trim(value.Value, `"`))] = spec.Names[0].Name
			}
			return true
		})
	}
	return all
}

// tested reports whether a package has a test of that name.
func tested(t *testing.T, pkg, test string) bool {
	files, err := filepath.Glob(filepath.Join(top, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\nfunc "+test+"(t *testing.T)")) {
			return true
		}
	}
	return false
}

// TestThePageShowsTheTable holds docs/reliability.md against the table; -update writes it.
func TestThePageShowsTheTable(t *testing.T) {
	const begin, end = "<!-- safeties: go test ./internal/safety -update -->\n", "<!-- /safeties -->"
	page := filepath.Join(top, "docs", "reliability.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	there, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks the marks %q and %q", page, begin, end)
	}
	table := rows()
	switch {
	case there == table:
	case *update:
		if err := os.WriteFile(page, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s shows another table: go test ./internal/safety -update", page)
	}
}

func rows() string {
	var b strings.Builder
	b.WriteString("\n| safety | what it protects | package: test that fails without it |\n|---|---|---|\n")
	for _, s := range safety.Table() {
		fmt.Fprintf(&b, "| `%s` | %s | %s: `%s` |\n", s.Switch, s.Protects, strings.TrimPrefix(s.Package, "internal/"), s.Test)
	}
	return b.String() + "\n"
}
