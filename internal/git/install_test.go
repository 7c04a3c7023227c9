package git

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository makes a repository of git's, and leaves the user's own configuration out of it.
func repository(t *testing.T) *Repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	global := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(global, []byte("[user]\n\tname = A\n\temail = a@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "GIT_CONFIG_GLOBAL="+global, "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	r := &Repository{Top: dir, env: env}
	if _, err := r.Run(t.Context(), nil, "init", "-q", "-b", "main", "."); err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), dir, env)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestInstallTwiceIsInstallOnce: what stands in the file of others stays, byte for byte, whatever its ends of lines.
func TestInstallTwiceIsInstallOnce(t *testing.T) {
	for _, before := range []string{"", "*.png binary\n", "*.png binary", "a b\r\n", "# kmsplan\n"} {
		r := repository(t)
		name := filepath.Join(r.Top, attributesFile)
		if before != "" {
			if err := os.WriteFile(name, []byte(before), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		odd := []string{"*.enc", "#x", `a "b"`, "sp ace/**", `back\slash`, "ü"}
		s := Setup{Program: "/opt/it's/kmsplan", Module: "a b", Patterns: odd}
		for i, want := range []bool{true, false} {
			if changed, err := r.Install(t.Context(), s); err != nil || changed != want {
				t.Fatalf("%q: install %d: %v, %v", before, i, changed, err)
			}
		}
		if got, err := r.Patterns(); err != nil || !slices.Equal(got, odd) {
			t.Errorf("%q: patterns %q, %v", before, got, err)
		}
		if left, err := r.Uncovered(t.Context(), []string{"x.enc", "#x", `a "b"`, "sp ace/deep/er", "ü", "other"}); err != nil || !slices.Equal(left, []string{"other"}) {
			t.Errorf("%q: git does not find %q, %v", before, left, err)
		}
		checks, err := r.Status(t.Context(), s)
		if err != nil || len(checks) != 6 || slices.ContainsFunc(checks, func(c Check) bool { return !c.OK }) {
			t.Errorf("%q: %+v, %v", before, checks, err)
		}
		for i, want := range []bool{true, false} {
			if changed, err := r.Uninstall(t.Context()); err != nil || changed != want {
				t.Fatalf("%q: uninstall %d: %v, %v", before, i, changed, err)
			}
		}
		text, _ := os.ReadFile(name)
		if got := string(text); strings.TrimSuffix(got, "\n") != strings.TrimSuffix(before, "\n") {
			t.Errorf("%q became %q", before, got)
		}
	}
}

// TestAttributesThatAreBrokenAreLeftAlone: neither half of kmsplan's part, nor a link, is written over.
func TestAttributesThatAreBrokenAreLeftAlone(t *testing.T) {
	for _, text := range []string{beginLine + "\n*.enc\n", "a\n" + endLine + "\n", beginLine + "\n" + endLine + "\n" + beginLine + "\n"} {
		r := repository(t)
		name := filepath.Join(r.Top, attributesFile)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Install(t.Context(), Setup{Program: "kmsplan", Patterns: []string{"*.enc"}}); err == nil {
			t.Errorf("%q was taken", text)
		}
		if got, _ := os.ReadFile(name); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	r := repository(t)
	if err := os.Symlink("elsewhere", filepath.Join(r.Top, attributesFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Install(t.Context(), Setup{Program: "kmsplan", Patterns: []string{"*.enc"}}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a link was followed: %v", err)
	}
}

// TestOverriddenTextconvCacheIsTold: a configuration that holds more than the repository's is seen.
func TestOverriddenTextconvCacheIsTold(t *testing.T) {
	r := repository(t)
	s := Setup{Program: "kmsplan", Patterns: []string{"*.enc"}}
	if _, err := r.Install(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=diff.kmsplan.cachetextconv", "GIT_CONFIG_VALUE_0=true")
	checks, err := r.Status(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if bad := c.Check == "diff.kmsplan.cachetextconv"; bad == c.OK {
			t.Errorf("%+v", c)
		}
	}
}

// TestIndexAndContents: entries come with their contents, long ones cut, whatever their names.
func TestIndexAndContents(t *testing.T) {
	r := repository(t)
	for name, text := range map[string]string{"a b": "one\n", "empty": "", "long": strings.Repeat("x", 100), "new\nline": "two"} {
		if err := os.WriteFile(filepath.Join(r.Top, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Run(t.Context(), nil, "add", "."); err != nil {
		t.Fatal(err)
	}
	entries, err := r.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := r.Read(t.Context(), entries, 10, func(e Entry, content []byte, whole bool) error {
		if whole != (e.Path != "long") || !e.Regular() || e.Stage != 0 {
			t.Errorf("%+v whole %v", e, whole)
		}
		got = append(got, e.Path+"="+string(content))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a b=one\n", "empty=", "long=xxxxxxxxxx", "new\nline=two"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if one, err := r.Index(t.Context(), "a b"); err != nil || len(one) != 1 {
		t.Errorf("%v, %v", one, err)
	}
}
