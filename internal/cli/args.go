package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// normalise turns Terraform's spelling -flag into --flag, for the long flags that
// some command has, so that both are accepted. What follows -- is left alone, and so is
// a value that only looks like a flag.
func normalise(root *cobra.Command, args []string) []string {
	long := map[string]bool{"help": true, "version": true}
	collectFlags(root, long)
	out := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if len(name) > 1 && strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && long[name] {
			arg = "-" + arg
		}
		out = append(out, arg)
	}
	if completing(args) {
		out[len(out)-1] = beginsFlag(args[len(args)-1])
	}
	return out
}

// noColor reports whether -no-color is among the arguments: errors about the others are plain too.
func noColor(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case "-no-color", "--no-color", "-no-color=true", "--no-color=true":
			return true
		}
	}
	return false
}

// completing reports whether a shell asks for completions (cobra's hidden commands).
func completing(args []string) bool {
	return len(args) > 1 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// beginsFlag spells the beginning of a flag, -det, as cobra knows it.
func beginsFlag(word string) string {
	if len(word) > 1 && strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") && !strings.Contains(word, "=") {
		return "-" + word
	}
	return word
}

// oneDash spells completed flags as the help does: a shell offers only what begins as the word that is typed.
type oneDash struct{ to io.Writer }

func (o oneDash) Write(p []byte) (int, error) {
	text := "\n" + string(p)
	text = strings.ReplaceAll(text, "\n--", "\n-")
	_, err := io.WriteString(o.to, text[1:])
	return len(p), err
}

// collectFlags gathers the names of every long flag of the tree.
func collectFlags(c *cobra.Command, into map[string]bool) {
	add := func(f *pflag.Flag) { into[f.Name] = true }
	c.PersistentFlags().VisitAll(add)
	c.Flags().VisitAll(add)
	for _, sub := range c.Commands() {
		collectFlags(sub, into)
	}
}
