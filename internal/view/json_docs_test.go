package view

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTheStreamIsDocumented holds docs/json.md against every line that the source can write: its type and its fields, both ways.
func TestTheStreamIsDocumented(t *testing.T) {
	written, documented := writtenLines(t), documentedLines(t)
	for _, kind := range slices.Sorted(maps.Keys(written)) {
		if fields, ok := documented[kind]; !ok || !slices.Equal(fields, written[kind]) {
			t.Errorf("a line %s has the fields %q, and docs/json.md says %q (listed: %v)", kind, written[kind], fields, ok)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := written[kind]; !ok {
			t.Errorf("docs/json.md lists lines of type %s, which nothing writes", kind)
		}
	}
	if len(written) < 25 {
		t.Errorf("only %d types were found in the source", len(written))
	}
}

var codes = regexp.MustCompile("`([^`]+)`")

func documentedLines(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, row := range strings.Split(string(text), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 5 {
			continue
		}
		for _, kind := range codes.FindAllStringSubmatch(cells[1], -1) {
			out[kind[1]] = nil
			for _, field := range codes.FindAllStringSubmatch(cells[2], -1) {
				out[kind[1]] = append(out[kind[1]], field[1])
			}
		}
	}
	return out
}

// writtenLines finds the calls of Lines.emit and Lines.step in the source.
func writtenLines(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || len(call.Args) < 4 || method.Sel.Name != "emit" && method.Sel.Name != "step" {
				return true
			}
			kind := literalText(call.Args[1])
			switch {
			case kind == "": // step hands its own on
			case method.Sel.Name == "step":
				out[kind] = []string{"hook"}
			default:
				out[kind] = literalKeys(call.Args[3])
			}
			return true
		})
	}
	return out
}

func literalText(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value) // of a program that compiles
	return text
}

func literalKeys(e ast.Expr) (keys []string) {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, element := range lit.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			keys = append(keys, literalText(pair.Key))
		}
	}
	return keys
}

// TestWhatLinesHoldIsDocumented has the stream say everything that a view can say, and looks for the names of what its fields hold.
func TestWhatLinesHoldIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]bool{"outputs": true, "finding": true, "checks": true, "lookup": true, "radius": true} // documents of their own
	for _, line := range everyLine(t) {
		for field, value := range line {
			object, ok := value.(map[string]any)
			if !ok || elsewhere[field] {
				continue
			}
			for name := range object {
				if !strings.Contains(string(text), "`"+name+"`") {
					t.Errorf("%s.%s of a line %s is not in docs/json.md", field, name, line["type"])
				}
			}
		}
	}
}

// everyLine is what the stream writes when each method of a view is called.
func everyLine(t *testing.T) (lines []map[string]any) {
	t.Helper()
	var out bytes.Buffer
	v := NewLines(&out, "1", time.Now)
	for _, method := range methods() {
		said(v, method)
	}
	for _, text := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}
