package stack_test

import (
	"kmsplan.dev/kmsplan/internal/plan"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
)

// TestNothingIsWrittenOutsideTheModule is case T12: a path of the configuration that leads outside, by its spelling or
// through a link, is refused before anything is made there, unless a flag names the place.
func TestNothingIsWrittenOutsideTheModule(t *testing.T) {
	for name, tt := range map[string]struct {
		path func(outside string) string
		link string // made in the module, to the directory outside
	}{
		"an absolute path":         {path: func(outside string) string { return filepath.Join(outside, "x") }},
		"a path upwards":           {path: func(outside string) string { return "../" + filepath.Base(outside) + "/x" }},
		"a path through a link":    {path: func(string) string { return "data/x" }, link: "data"},
		"a path that is a link":    {path: func(string) string { return "data" }, link: "data"},
		"a path down and upwards":  {path: func(outside string) string { return "a/../../" + filepath.Base(outside) + "/x" }},
		"the default behind links": {path: func(string) string { return "" }, link: ".kmsplan"},
	} {
		for what, module := range map[string]string{
			"state":    "kmsplan {\n  backend \"local\" {\n    path = \"PATH\"\n  }\n}\n" + gateway + "key \"k\" {}\n",
			"emulator": "gateway \"dev\" {\n  emulator {\n    path = \"PATH\"\n  }\n}\nkey \"k\" {}\n",
		} {
			if what == "state" && tt.link == ".kmsplan" {
				continue
			}
			t.Run(name+", "+what, func(t *testing.T) {
				top := t.TempDir()
				r := &rig{t: t, dir: filepath.Join(top, "module")}
				outside := filepath.Join(top, "outside")
				for _, dir := range []string{r.dir, outside} {
					if err := os.Mkdir(dir, 0o755); err != nil {
						t.Fatal(err)
					}
				}
				if tt.link != "" {
					if err := os.Symlink(outside, filepath.Join(r.dir, tt.link)); err != nil {
						t.Fatal(err)
					}
				}
				text := strings.ReplaceAll(module, "PATH", tt.path(outside))
				r.write("main.kms.hcl", strings.ReplaceAll(text, "\n    path = \"\"", ""))
				err := r.try()
				if err == nil || !strings.Contains(err.Error(), "outside the module") && !strings.Contains(err.Error(), "symbolic link") {
					t.Errorf("planning gave %v", err)
				}
				if made, _ := os.ReadDir(outside); len(made) > 0 {
					t.Errorf("%v was made outside", made)
				}
				if tt.link != "" {
					return
				}
				r.options.Outside = []string{outside}
				if err := r.try(); err != nil {
					t.Errorf("with the place named: %v", err)
				}
			})
		}
	}
}

// Case T12, its siblings: inside the module too there are places that are taken.
func TestNothingIsPutWhereSomethingElseIs(t *testing.T) {
	for path, want := range map[string]string{
		".": "the module itself", "x/..": "the module itself", ".git/x": "git's own files", "main.kms.hcl": "a configuration file", "a.auto.kmsvars.hcl": "a variable file",
	} {
		for _, module := range []string{
			"kmsplan {\n  backend \"local\" {\n    path = \"PATH\"\n  }\n}\n" + gateway + "key \"k\" {}\n",
			"gateway \"dev\" {\n  emulator {\n    path = \"PATH\"\n  }\n}\nkey \"k\" {}\n",
		} {
			r := &rig{t: t, dir: t.TempDir()}
			r.write("main.kms.hcl", strings.ReplaceAll(module, "PATH", path))
			if err := r.try(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
			cfg, diags := r.module().Load(true)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if found := stack.Misplaced(cfg, r.options); len(found) != 1 || !strings.Contains(found[0].Detail, want) {
				t.Errorf("%s: validate says %v", path, found)
			}
		}
	}
}

// try opens the module and plans.
func (r *rig) try() error {
	s, err := stack.Open(r.module(), r.options)
	if err != nil {
		return err
	}
	defer r.close(s)
	return s.Survey(r.t.Context(), "plan", plan.Scope{})
}
