package readers

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// TestActionlintFindsNothing lints the workflows of examples/pipelines.
func TestActionlintFindsNothing(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(examples, "pipelines", "github", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		found, err := linter.LintFile(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Error(f)
		}
	}
}

// TestTheSARIFIsValid lets Microsoft's validator judge what lint, plan and drift write.
func TestTheSARIFIsValid(t *testing.T) {
	tool, err := filepath.Abs("node/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool")
	if _, missing := os.Stat(tool); err != nil || missing != nil {
		t.Skip("sarif-multitool is not here: npm ci in .ci/readers/node")
	}
	if err := os.Chmod(tool, 0o755); err != nil { // npm runs no script of a package here, its own chmod neither
		t.Fatal(err)
	}
	w := newWorld(t)
	w.write("main.kms.hcl", unprotected)
	w.apply()
	w.write("main.kms.hcl", "key \"other\" {\n}\n") // refused: a key vanished
	w.run([]string{"lint", "-report", "sarif=lint.sarif"}, 2)
	w.run([]string{"plan", "-report", "sarif=plan.sarif"}, 3)
	w.run([]string{"drift", "-report", "sarif=drift.sarif"}, 2)
	for _, name := range []string{"lint.sarif", "plan.sarif", "drift.sarif"} {
		cmd := exec.CommandContext(t.Context(), tool, "validate", name, "--output", name+".judged", "--level", "Error;Warning")
		cmd.Dir, cmd.Env = w.dir, append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		var judged struct {
			Runs []struct {
				Results []struct {
					RuleID  string
					Level   string
					Message json.RawMessage
				}
			}
		}
		text, err := os.ReadFile(filepath.Join(w.dir, name+".judged"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(string(text), "\ufeff")), &judged); err != nil || len(judged.Runs) == 0 {
			t.Fatalf("%s: %v", text, err)
		}
		for _, r := range judged.Runs[0].Results {
			if r.Level == "error" {
				t.Errorf("%s: %s %s", name, r.RuleID, r.Message)
			}
		}
	}
}

// TestGitLabCILocalReadsTheRecipe holds the recipe against GitLab's schema and lists its jobs.
func TestGitLabCILocalReadsTheRecipe(t *testing.T) {
	tool, err := filepath.Abs("node/node_modules/.bin/gitlab-ci-local")
	if _, missing := os.Stat(tool); err != nil || missing != nil {
		t.Skip("gitlab-ci-local is not here: npm ci in .ci/readers/node")
	}
	w := newWorld(t)
	text, err := os.ReadFile(filepath.Join(examples, "pipelines", "gitlab", ".gitlab-ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(".gitlab-ci.yml", string(text))
	for _, args := range [][]string{
		{"git", "init", "-q", "-b", "main"}, {"git", "remote", "add", "origin", "git@gitlab.example.com:group/stack.git"},
		{"git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "begun"},
	} {
		w.command(args...)
	}
	listed := w.command(tool, "--list")
	for _, job := range []string{"lint", "plan", "apply"} {
		if !strings.Contains(listed, "\n"+job+" ") {
			t.Errorf("it lists no job %s:\n%s", job, listed)
		}
	}
}

func (w world) command(args ...string) string {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), "HOME="+w.dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}
