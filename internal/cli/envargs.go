package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"
)

// argsVariable adds arguments to every command; with _COMMAND behind it, to that one: KMSPLAN_CLI_ARGS_plan,
// KMSPLAN_CLI_ARGS_state_list.
const argsVariable = "KMSPLAN_CLI_ARGS"

// withEnvironment puts the arguments that the environment adds right behind the command, so that what the command
// line says comes later and wins. They are cut into words as a POSIX shell does it, and nothing in them is expanded.
func (a *app) withEnvironment(root *cobra.Command, args []string) ([]string, error) {
	if completing(args) || !slices.ContainsFunc(a.proc.Env, func(pair string) bool { return strings.HasPrefix(pair, argsVariable) }) {
		return args, nil
	}
	command, _, err := root.Find(normalise(root, args))
	if err != nil || command == root {
		return args, nil // what is wrong is said later
	}
	_, path, _ := strings.Cut(command.CommandPath(), " ")
	var added []string
	for _, name := range []string{argsVariable, argsVariable + "_" + strings.NewReplacer(" ", "_", "-", "_").Replace(path)} {
		words, err := shellwords.Parse(a.getenv(name))
		if err != nil {
			return nil, usageError{fmt.Errorf("read the arguments in the environment variable %s: a quote is not closed, or what follows a backslash is missing", name)}
		}
		added = append(added, words...)
	}
	return slices.Insert(slices.Clone(args), behind(strings.Fields(path), args), added...), nil
}

// behind is where in args the words of a command end.
func behind(command, args []string) int {
	at := 0
	for i, arg := range args {
		if at < len(command) && arg == command[at] {
			at++
		}
		if at == len(command) {
			return i + 1
		}
	}
	return len(args)
}
