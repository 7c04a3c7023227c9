package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// proof is a test, a fuzz target, a benchmark or a script that a page points to.
	proof = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*|[a-z-]+\\.txtar)`")
	// declared is where one is written.
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]*)\(`)
	// link points from a page to a file of the repository.
	link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
)

// TestPagesPointToWhatExists holds that the tests which the pages name as their proof are there, and the files they link to.
func TestPagesPointToWhatExists(t *testing.T) {
	top := filepath.Join("..", "..")
	there, pages := map[string]bool{}, map[string]string{}
	err := filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			there[d.Name()] = true
		case strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".md"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, ".md") {
				pages[path] = string(text)
			}
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				there[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	proofs, links := 0, 0
	for path, text := range pages {
		for _, m := range proof.FindAllStringSubmatch(text, -1) {
			if proofs++; !there[m[1]] {
				t.Errorf("%s names %s, and there is none", path, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
	}
	if proofs < 50 || links < 50 {
		t.Errorf("only %d proofs and %d links were found", proofs, links)
	}
}
