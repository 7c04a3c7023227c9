package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestIgnoredAsGitIgnores holds the reading of ignore files against git itself, where there is a git.
func TestIgnoredAsGitIgnores(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git")
	}
	top := t.TempDir()
	for name, text := range map[string]string{
		".gitignore":       "*.plain\n/run\nbuild/\n!keep.plain\n# comment\n\\#hash\n\\!bang\ntrail \nliteral\\ \n[ab].txt\ndeep/**/x\n",
		"infra/.gitignore": "out\n!/sub/a.plain\nonly/*.yaml\n",
		"infra/sub/file":   "",
	} {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) error {
		c := exec.CommandContext(t.Context(), git, args...)
		c.Dir, c.Env = filepath.Join(top, "infra"), []string{"HOME=" + top, "GIT_CONFIG_NOSYSTEM=1"}
		return c.Run()
	}
	if err := run("init", "-q", top); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(top, ".git", "info", "exclude"), []byte("excluded\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := repositoryOf(filepath.Join(top, "infra"))
	seen := map[bool]int{}
	for _, name := range []string{
		"a.plain", "keep.plain", "sub/a.plain", "sub/b.plain", "run", "run/app.yaml", "../run/app", "build/x", "sub/build/x", "build", "out/app", "sub/out",
		"#hash", "!bang", "trail", "literal ", "a.txt", "c.txt", "excluded", "only/x.yaml", "only/sub/x.yaml", "../deep/a/b/x", "../deep/x", "deep/x", "app.yaml",
	} {
		want := run("check-ignore", "-q", "--no-index", "--", name) != nil
		if got := r.commits(name); got != want {
			t.Errorf("%q: committed %v, and git says %v", name, got, want)
		}
		seen[want]++
	}
	if seen[true] < 5 || seen[false] < 5 {
		t.Errorf("git decided %v", seen)
	}
}

// TestOutsideARepositoryNothingIsCommitted holds that a module in no work tree has nothing to ignore.
func TestOutsideARepositoryNothingIsCommitted(t *testing.T) {
	if repositoryOf(t.TempDir()).commits("a") {
		t.Error("a file in no repository would be committed")
	}
}
