package cli

import (
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
	return out
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
