package main

import (
	"encoding/json"
	"errors"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "kmsplan.dev/kmsplan/"

// pkg is what go list says of one package.
type pkg struct {
	ImportPath, Dir string
	Imports, Deps   []string
}

// below is the layout: what each package may import of ours. A name ending in /... stands for a
// package and everything under it.
var below = map[string][]string{
	"cmd/kmsplan":                    {"internal/cli"},
	"internal/cli":                   {"internal/..."},
	"internal/cli/clitest":           {"internal/stack", "internal/emulator", "internal/state/..."},
	"internal/cli/scripts/...":       {"internal/cli", "internal/cli/clitest"},
	"internal/stack":                 {"internal/apply", "internal/batch", "internal/batch/...", "internal/census", "internal/document", "internal/keyfile", "internal/iam", "internal/ops/...", "internal/resource", "internal/draft", "internal/plan/...", "internal/hcl", "internal/kind", "internal/state/...", "internal/kms/...", "internal/envelope", "internal/emulator/...", "internal/suggest", "internal/durable", "internal/addr", "internal/version"},
	"internal/trial":                 {"internal/junit", "internal/stack", "internal/plan", "internal/hcl", "internal/state/memory", "internal/addr"},
	"internal/view":                  {"internal/apply", "internal/batch", "internal/load", "internal/junit", "internal/lint", "internal/plan", "internal/envelope", "internal/state", "internal/addr"},
	"internal/draft/tfstate":         {"internal/draft", "internal/plan", "internal/kind"},
	"internal/draft":                 {"internal/plan", "internal/hcl", "internal/kind", "internal/addr"},
	"internal/iam":                   {"internal/hcl", "internal/kind", "internal/plan", "internal/state", "internal/addr"},
	"internal/lint":                  {"internal/hcl", "internal/kind", "internal/suggest", "internal/addr"},
	"internal/apply":                 {"internal/plan", "internal/resource", "internal/hcl", "internal/kind", "internal/state/...", "internal/addr", "internal/dag"},
	"internal/ops":                   {"internal/ops/...", "internal/document", "internal/merge", "internal/plan", "internal/hcl", "internal/kind", "internal/state", "internal/kms", "internal/envelope", "internal/addr", "internal/durable"},
	"internal/batch":                 nil,
	"internal/batch/source":          nil,
	"internal/batch/source/...":      {"internal/batch/source/...", "internal/durable/...", "internal/state/..."},
	"internal/batch/quota":           {"internal/kms"},
	"internal/batch/queue":           {"internal/batch", "internal/batch/quota"},
	"internal/batch/page":            {"internal/batch", "internal/batch/quota", "internal/batch/queue", "internal/durable"},
	"internal/batch/queue/...":       {"internal/batch", "internal/batch/quota", "internal/batch/queue/...", "internal/durable", "internal/state/..."},
	"internal/batch/...":             {"internal/batch/...", "internal/kind", "internal/ops/...", "internal/document", "internal/envelope", "internal/kms"},
	"internal/transfer":              {"internal/kms", "internal/kms/wire/ciphertext", "internal/kms/wire/sdkmessage"},
	"internal/ops/keys":              {"internal/kms", "internal/envelope"},
	"internal/scratch":               {"internal/durable"},
	"internal/child":                 nil,
	"internal/keyfile":               {"internal/durable", "internal/kms/wire/dkms"},
	"internal/resource":              {"internal/keyfile", "internal/plan", "internal/hcl", "internal/kind", "internal/state", "internal/kms", "internal/addr"},
	"internal/plan":                  {"internal/hcl", "internal/suggest", "internal/kind", "internal/state", "internal/addr", "internal/dag"},
	"internal/plan/planfile":         {"internal/plan", "internal/hcl", "internal/state", "internal/addr"},
	"internal/hcl":                   {"internal/kind", "internal/addr", "internal/suggest", "internal/dag"},
	"internal/kind":                  {"internal/addr", "internal/suggest"},
	"internal/state":                 {"internal/state/...", "internal/addr", "internal/durable"},
	"internal/kms":                   {"internal/suggest"},
	"internal/kms/credential":        {"internal/kms"},
	"internal/kms/transport":         {"internal/kms"},
	"internal/kms/compare":           {"internal/kms", "internal/kms/wire/ciphertext"},
	"internal/kms/public":            {"internal/kms", "internal/kms/transport", "internal/kms/compare", "internal/kms/wire/ciphertext"},
	"internal/kms/clientkey":         {"internal/kms", "internal/kms/transport", "internal/kms/compare", "internal/kms/wire/..."},
	"internal/kms/kmstest":           {"internal/kms", "internal/kms/transport", "internal/kms/wire/dkms"},
	"internal/envelope":              {"internal/envelope/cobblestone"},
	"internal/document":              {"internal/envelope", "internal/suggest"},
	"internal/merge":                 {"internal/document"},
	"internal/keycache":              nil,
	"internal/staged":                {"internal/git", "internal/lint", "internal/hcl", "internal/kind", "internal/ops", "internal/document"},
	"internal/git":                   {"internal/durable"},
	"internal/census":                {"internal/ops", "internal/envelope", "internal/state", "internal/addr", "internal/durable"},
	"internal/usage":                 {"internal/state"},
	"internal/addr":                  nil,
	"internal/dag":                   nil,
	"internal/junit":                 nil,
	"internal/load":                  nil,
	"internal/durable":               nil,
	"internal/durable/...":           {"internal/durable"},
	"internal/safety":                nil,
	"internal/pattern":               nil,
	"internal/suggest":               nil,
	"internal/version":               nil,
	"internal/emulator/emulatortest": {"internal/emulator"},
	"internal/emulator/...":          {"internal/emulator/...", "internal/kms/wire/...", "internal/suggest", "internal/durable"},
	"internal/kms/wire/...":          {"internal/kms/wire/..."},
	"internal/state/...":             {"internal/state/...", "internal/durable/...", "internal/version"},
	"internal/envelope/...":          nil,
	"internal/bench/...":             {"internal/..."}, // measures all the others; nothing imports it
}

// anywhere is what every package may import, for it imports nothing: a safety has its switch where it stands, and so has a
// pattern.
var anywhere = []string{"internal/safety", "internal/pattern"}

// TestImportsPointDownwards holds the layout against the code.
func TestImportsPointDownwards(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := below[rule(name)]
		if !ok {
			t.Errorf("package %s has no place in the layout; give it one in this test", name)
		}
		for _, path := range p.Imports {
			ours, isOurs := strings.CutPrefix(path, module)
			if !isOurs {
				continue
			}
			if slices.Contains(anywhere, ours) {
				continue
			}
			if !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, ours) }) {
				t.Errorf("%s imports %s, which does not lie below it", name, ours)
			}
			if matches("internal/bench/...", ours) && !matches("internal/bench/...", name) {
				t.Errorf("%s imports %s, which only measures", name, ours)
			}
		}
	}
}

// rule finds the entry for a package: its own, or the nearest one that covers it.
func rule(name string) string {
	if _, ok := below[name]; ok {
		return name
	}
	for parent := name; parent != "."; parent = filepath.Dir(parent) {
		if _, ok := below[parent+"/..."]; ok {
			return parent + "/..."
		}
	}
	return ""
}

func matches(pattern, name string) bool {
	root, tree := strings.CutSuffix(pattern, "/...")
	return name == root || tree && strings.HasPrefix(name, root+"/")
}

// TestWhatPackagesDoWithout holds what no dependency, however deep, may bring in.
func TestWhatPackagesDoWithout(t *testing.T) {
	without := map[string][]string{
		"cmd/kmsplan":            {"github.com/aliyun/alibabacloud-dkms-gcs-go-sdk", "github.com/aliyun/alibabacloud-dkms-transfer-go-sdk"},
		"internal/plan":          {"net/http", module + "internal/kms", "github.com/alibabacloud-go"},
		"internal/plan/planfile": {"net/http", module + "internal/kms", "github.com/alibabacloud-go"},
		"internal/hcl":           {"net/http", module + "internal/kms"},
		"internal/envelope":      {"net/http", module + "internal/kms", module + "internal/plan"},
		"internal/emulator":      {module + "internal/plan", module + "internal/hcl", "github.com/alibabacloud-go"},
	}
	seen := 0
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, forbidden := range without[name] {
			for _, dep := range p.Deps {
				if dep == forbidden || strings.HasPrefix(dep, forbidden+"/") && !strings.HasPrefix(dep, module+"internal/kms/wire") {
					t.Errorf("%s depends on %s", name, dep)
				}
			}
		}
		if without[name] != nil {
			seen++
		}
	}
	if seen != len(without) {
		t.Errorf("%d of %d packages were found", seen, len(without))
	}
}

// TestEveryPackageSaysWhatItIsFor demands a doc.go with a package comment of at least two sentences.
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range list(t, "./internal/...") {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, "doc.go"), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%s: %v", p.ImportPath, err)
			continue
		}
		text := file.Doc.Text()
		first := new(doc.Package).Synopsis(text)
		if first == "" || len(strings.Join(strings.Fields(text), " ")) < len(first)+20 {
			t.Errorf("%s: the package comment in doc.go says too little: %q", p.ImportPath, text)
		}
	}
}

// list asks go list about packages, tests left out.
func list(t *testing.T, pattern string) []pkg {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports,Deps", pattern)
	c.Dir = filepath.Join("..", "..")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 15 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}
