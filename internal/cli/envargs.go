package cli

import (
	"errors"
	"fmt"
	"regexp"
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
		for _, word := range words {
			a.added = append(a.added, addedWord{word, name})
		}
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

// addedWord is an argument that a variable of the environment added.
type addedWord struct{ word, variable string }

// blamed says of a mistake on the command line that a variable of the environment made it, or may have made it. What the
// variable holds is not repeated.
func (a *app) blamed(err error) error {
	var mistake usageError
	if len(a.added) == 0 || !errors.As(err, &mistake) {
		return err
	}
	var variables []string
	for _, w := range a.added {
		flag, isFlag := flagName(w.word)
		named := regexp.MustCompile(`(^|[\s,;(-])-` + regexp.QuoteMeta(flag) + `([^\w-]|$)`)
		typed := slices.ContainsFunc(a.proc.Args, func(arg string) bool { name, ok := flagName(arg); return ok && name == flag })
		if isFlag && !typed && named.MatchString(err.Error()) {
			return usageError{fmt.Errorf("the arguments in the environment variable %s: %w", w.variable, err)}
		}
		if !isFlag && !slices.Contains(variables, w.variable) {
			variables = append(variables, w.variable)
		}
	}
	if len(variables) == 0 {
		return err
	}
	return withHint(err, fmt.Sprintf("Arguments come from the environment too, in %s.", strings.Join(variables, " and ")))
}

// flagName is the name of the flag that an argument begins with.
func flagName(arg string) (name string, ok bool) {
	name, _, _ = strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return name, name != "" && strings.HasPrefix(arg, "-")
}
