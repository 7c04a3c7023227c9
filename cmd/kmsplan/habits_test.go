package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// How long a file of ours may be: one of code, and one of tests, whose tables run on.
const (
	maxLines     = 400
	maxTestLines = 600
)

// TestFilesStaySmall holds that no file of code grows beyond what one reads in a sitting.
func TestFilesStaySmall(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".pb.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		most := maxLines
		if strings.HasSuffix(path, "_test.go") {
			most = maxTestLines
		}
		if n := bytes.Count(text, []byte("\n")); n > most {
			t.Errorf("%s has %d lines; cut it along its concepts", path, n)
		}
		return nil
	})
	if err != nil || seen < 300 {
		t.Errorf("%d files were read: %v", seen, err)
	}
}

// suites are packages that are tests themselves: those who implement what they hold run them.
var suites = []string{"internal/state/statetest", "internal/batch/source/sourcetest", "internal/batch/queue/queuetest"}

// TestEveryPackageIsTested holds that none is without a test of its own.
func TestEveryPackageIsTested(t *testing.T) {
	c := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{len .TestGoFiles}} {{len .XTestGoFiles}}", "./...")
	c.Dir = filepath.Join("..", "..")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		name, tests, _ := strings.Cut(strings.TrimSpace(line), " ")
		name = strings.TrimPrefix(name, module)
		if tests == "0 0" != slices.Contains(suites, name) {
			t.Errorf("%s has tests (in the package, outside of it): %s", name, tests)
		}
	}
}

// TestThePlannerTouchesNothing holds that planning reads no file and no clock and calls nobody: a plan is a function of its input.
func TestThePlannerTouchesNothing(t *testing.T) {
	for _, p := range list(t, "./internal/...") {
		if name := strings.TrimPrefix(p.ImportPath, module); name != "internal/plan" {
			continue
		}
		for _, forbidden := range []string{"os", "io/fs", "path/filepath", "net", "net/http", "os/exec", "math/rand", "math/rand/v2", "crypto/rand"} {
			if slices.Contains(p.Imports, forbidden) {
				t.Errorf("%s imports %s", p.ImportPath, forbidden)
			}
		}
		return
	}
	t.Error("internal/plan was not found")
}
