package document

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// TestCorpus seals, changes, rewraps and opens every file below KMSPLAN_CORPUS whose name says a format: none may
// differ, and under one in a hundred may be refused. .ci/corpus fetches what it is run over.
func TestCorpus(t *testing.T) {
	root := os.Getenv("KMSPLAN_CORPUS")
	if root == "" {
		t.Skip("KMSPLAN_CORPUS names no directory: bash .ci/corpus makes one")
	}
	count, refused := map[string]int{}, map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := ByFile(name, src)
		if err != nil {
			return nil
		}
		count[f.Name()]++
		if why := corpusFile(t, name, f, src); why != "" {
			refused[f.Name()] = append(refused[f.Name()], strings.TrimPrefix(name, root)+": "+why)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Names() {
		sort.Strings(refused[f])
		t.Logf("%-6s %5d files, %d refused\n  %s", f, count[f], len(refused[f]), strings.Join(refused[f], "\n  "))
	}
}

func corpusFile(t *testing.T, name string, f Format, src []byte) (refused string) {
	r := newRig(t, f.Name())
	doc, _, err := Seal(src, r.options)
	if err != nil {
		return err.Error()
	}
	d, err := r.open(doc)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return ""
	}
	if string(d.Plain) != string(src) {
		t.Errorf("%s differs", name)
	}
	return ""
}
