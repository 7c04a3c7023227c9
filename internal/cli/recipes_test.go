package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-shellwords"
	"go.yaml.in/yaml/v3"
)

// written is a command line of kmsplan in a recipe: of a step, a script or a hook.
var written = regexp.MustCompile(`(?m)(?:run:|entry:|- ) (kmsplan (?:-|[a-z]).*)$`)

// TestTheRecipesSayWhatKmsplanTakes holds the recipes of examples/pipelines against the commands and flags that there are.
func TestTheRecipesSayWhatKmsplanTakes(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*/*.yml", "*/*.yaml", "*/.*.yml", "*/.*.yaml"} {
		found, _ := filepath.Glob(filepath.Join("..", "..", "examples", "pipelines", pattern))
		files = append(files, found...)
	}
	commands := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var recipe map[string]any
		if err := yaml.Unmarshal(text, &recipe); err != nil || len(recipe) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		for _, m := range written.FindAllStringSubmatch(string(text), -1) {
			commands++
			if err := heldAgainst(m[1]); err != nil {
				t.Errorf("%s: %s: %v", name, m[1], err)
			}
		}
	}
	if len(files) < 7 || commands < 15 {
		t.Errorf("%d recipes with %d commands", len(files), commands)
	}
}

// heldAgainst reads a command line as kmsplan does, and runs nothing.
func heldAgainst(line string) error {
	line, _, _ = strings.Cut(line, " #")
	words, err := shellwords.Parse(line)
	if err != nil {
		return err
	}
	a := &app{proc: Process{Args: words[1:]}}
	root := a.root()
	command, rest, err := root.Find(normalise(root, words[1:]))
	if err != nil {
		return err
	}
	if err := command.ParseFlags(rest); err != nil {
		return err
	}
	return command.ValidateArgs(command.Flags().Args())
}
