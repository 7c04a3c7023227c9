package lint

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// fixture is one module of a rule's file: bad, or good.
type fixture map[string][]byte

// fixtures reads testdata/rules/ID.txtar: the modules bad and good, and under want where bad is found, one finding a line.
func fixtures(t *testing.T, id string) (bad, good fixture, want []string) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "rules", id+".txtar"))
	if err != nil {
		t.Fatalf("every rule has a module that breaks it and one that does not: %v", err)
	}
	bad, good = fixture{}, fixture{}
	for _, f := range archive.Files {
		side, name, _ := strings.Cut(f.Name, "/")
		switch side {
		case "bad":
			bad[name] = f.Data
		case "good":
			good[name] = f.Data
		case "want":
			want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		}
	}
	if len(bad) == 0 || len(good) == 0 || len(want) == 0 {
		t.Fatalf("%s.txtar lacks bad/…, good/… or want", id)
	}
	return bad, good, want
}

// input loads a fixture from files of its own.
func (f fixture) input(t *testing.T) Input {
	t.Helper()
	dir := t.TempDir()
	in := Input{Now: now}
	for name, text := range f {
		path := filepath.Join(dir, filepath.FromSlash(name))
		mode := os.FileMode(0o600)
		if readable, ok := strings.CutSuffix(path, ".0644"); ok {
			path, mode = readable, 0o644
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir, WorkDir: dir, Version: "0.1.0", AllowMissing: true})
	if diags.HasErrors() {
		t.Fatalf("the fixture does not load: %v", diags)
	}
	in.Config, in.Warnings = cfg, diags
	f.recorded(t, &in)
	return in
}

// recorded fills in what a state or a saved plan would have: recorded.json.
func (f fixture) recorded(t *testing.T, in *Input) {
	t.Helper()
	var doc struct {
		Objects []struct {
			Address, ID string
			Attributes  map[string]any
			Versions    []string
		}
		Waiting []struct {
			ID, Address string
			DeleteAt    time.Time
		}
		Drilled     time.Time
		DrillFailed int
	}
	if bounds := f["bounds.json"]; bounds != nil {
		if err := json.Unmarshal(bounds, &in.Bounds); err != nil {
			t.Fatal(err)
		}
	}
	if f["recorded.json"] == nil {
		return
	}
	if err := json.Unmarshal(f["recorded.json"], &doc); err != nil {
		t.Fatal(err)
	}
	parse := func(text string) addr.Address {
		a, err := addr.Parse(text)
		if err != nil && text != "" {
			t.Fatal(err)
		}
		return a
	}
	in.Recorded, in.Drilled, in.DrillFailed = []Object{}, doc.Drilled, doc.DrillFailed
	for _, o := range doc.Objects {
		in.Recorded = append(in.Recorded, Object{Addr: parse(o.Address), ID: o.ID, Attributes: o.Attributes, Versions: o.Versions})
	}
	for _, w := range doc.Waiting {
		in.Waiting = append(in.Waiting, Waiting{ID: w.ID, Addr: parse(w.Address), DeleteAt: w.DeleteAt})
	}
}

// TestEveryRule holds that each rule finds what its bad module is there for, at the line and with the address that it
// names, and nothing in its good one.
func TestEveryRule(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			bad, good, want := fixtures(t, r.ID)
			o := Options{Only: []*Rule{r}}
			if got := places(Run(bad.input(t), o).Findings); !slices.Equal(got, want) {
				t.Errorf("found %q, and %q was meant", got, want)
			}
			if got := Run(good.input(t), o).Findings; len(got) > 0 {
				t.Errorf("the good module breaks the rule: %q: %s", places(got), got[0].Message)
			}
		})
	}
}

// places are findings as a fixture's want has them: FILE:LINE ADDRESS.
func places(list []Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s:%d %s", f.Range.Filename, f.Range.Start.Line, f.Address)))
	}
	return out
}

// TestNoFixtureIsLeftOver holds that every file of fixtures belongs to a rule.
func TestNoFixtureIsLeftOver(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "rules", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if id := strings.TrimSuffix(filepath.Base(name), ".txtar"); Lookup(Rules(), id) == nil {
			t.Errorf("%s belongs to no rule", name)
		}
	}
}

// TestEveryRuleSaysWhatItIsFor holds the rows: ids and names are unique and stable in form, and nothing is left empty.
func TestEveryRuleSaysWhatItIsFor(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if len(r.ID) != 5 || !strings.HasPrefix(r.ID, "KP") || seen[r.ID] || seen[r.Name] || strings.ToLower(r.Name) != r.Name || r.Name == "" {
			t.Errorf("%s %s: not a form of its own", r.ID, r.Name)
		}
		seen[r.ID], seen[r.Name] = true, true
		for field, text := range map[string]string{"Why": r.Why, "Fix": r.Fix} {
			if !strings.HasSuffix(text, ".") || len(text) < 20 {
				t.Errorf("%s: %s is no sentence: %q", r.ID, field, text)
			}
		}
		if r.Title == "" || strings.HasSuffix(r.Title, ".") || r.Source == "" {
			t.Errorf("%s: title %q, source %q", r.ID, r.Title, r.Source)
		}
	}
}
