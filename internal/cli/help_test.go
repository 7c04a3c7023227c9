package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/view"
)

// inOnePiece is a line of help that cannot be broken: a word, or a command.
var inOnePiece = regexp.MustCompile("^ *(\\S+|`[^`]+`\\S*|kmsplan .*|\\S+: kmsplan .*)$")

// Issue 9, point 9. TestHelpIsReadAtFortyColumns asks every command for its help on a narrow terminal: no line is wider, and
// nothing of what stands there at 80 columns is missing.
func TestHelpIsReadAtFortyColumns(t *testing.T) {
	show := func(path []string, columns string) string {
		var out bytes.Buffer
		code := Main(Process{Args: append(path, "-help"), Env: []string{"COLUMNS=" + columns}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out})
		if code != 0 {
			t.Fatalf("%v -help ends with %d: %s", path, code, &out)
		}
		return out.String()
	}
	letters := func(text string) string { return strings.Join(strings.Fields(text), "") }
	asked := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		narrow := show(path, "40")
		for line := range strings.SplitSeq(narrow, "\n") {
			if len([]rune(line)) > 40 && !inOnePiece.MatchString(line) {
				t.Errorf("%v: a line of %d columns: %q", path, len([]rune(line)), line)
			}
		}
		if letters(narrow) != letters(show(path, "80")) {
			t.Errorf("%v says something else at 40 columns:\n%s", path, narrow)
		}
		asked++
		for _, sub := range c.Commands() {
			if !sub.Hidden && !strings.HasPrefix(sub.CommandPath(), "kmsplan completion ") {
				walk(sub)
			}
		}
	}
	term := view.NewTerminal(&bytes.Buffer{}, &bytes.Buffer{}, func(string) string { return "" })
	walk((&app{term: term, now: nil}).root())
	if asked < 60 {
		t.Errorf("%d commands were asked", asked)
	}
}

// TestTheHelpOfACallShowsWhatItTakes holds that parameters that are JSON show how it is written.
func TestTheHelpOfACallShowsWhatItTakes(t *testing.T) {
	var out bytes.Buffer
	Main(Process{Args: []string{"kms", "TagResources", "-h"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out})
	for _, want := range []string{`{"NAME": "VALUE"} or [{"Key": "NAME", "Value": "VALUE"}]`, `["VALUE", "VALUE"]`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing:\n%s", want, &out)
		}
	}
}
