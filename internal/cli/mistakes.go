package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// explainArguments makes every command say what it takes when it is given something else.
func explainArguments(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			var told usageError
			if err == nil || errors.As(err, &told) {
				return err
			}
			return usageError{fmt.Errorf("%s; write %s", unexpected(args), c.UseLine())}
		}
	}
	for _, sub := range c.Commands() {
		explainArguments(sub)
	}
}

func unexpected(args []string) string {
	if len(args) == 0 {
		return "something is missing"
	}
	return fmt.Sprintf("these arguments do not fit: %q", strings.Join(args, " "))
}

// noSuchSubcommand says how a word of another tool is said here, or else names the nearest subcommand.
func noSuchSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	_, path, _ := strings.Cut(c.CommandPath()+" ", " ")
	if way := elsewhere[path+args[0]]; way != "" {
		return usageError{fmt.Errorf("%s has no command %q: %s", c.CommandPath(), args[0], way)}
	}
	return usageError{fmt.Errorf("%s has no command %q%s", c.CommandPath(), args[0], suggest.Clause(args[0], names))}
}

// flagError names a flag as it was written, the nearest one there is, and which help lists them.
func flagError(c *cobra.Command, err error) error {
	var none *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) { // the value itself may be a secret
		return usageError{fmt.Errorf("-%s has a value it cannot take: it takes %s; see %s -help", invalid.GetFlag().Name, takes(invalid), c.CommandPath())}
	}
	if !errors.As(err, &none) {
		return usageError{fmt.Errorf("%w; see %s -help", err, c.CommandPath())}
	}
	if words := c.Flags().Args(); c.HasSubCommands() && c.Args != nil && len(words) > 0 { // then the word is wrong first
		if err := c.Args(c, words); err != nil {
			return err
		}
	}
	given := none.GetSpecifiedName()
	if cluster := none.GetSpecifiedShortnames(); cluster != "" {
		given, _, _ = strings.Cut(cluster, "=")
	}
	if c.Flags().Lookup(given+"-file") != nil {
		return usageError{fmt.Errorf("%s has no flag -%s; did you mean -%s-file? What is secret is read from a file, or from standard input with -", c.CommandPath(), given, given)}
	}
	if way := cmp.Or(flagsElsewhere[c.Name()+" "+given], flagsElsewhere[given]); way != "" {
		return usageError{fmt.Errorf("%s has no flag -%s: %s", c.CommandPath(), given, way)}
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "-"+f.Name) })
	return usageError{fmt.Errorf("%s has no flag -%s%s", c.CommandPath(), given, cmp.Or(suggest.Clause("-"+given, names), "; see "+c.CommandPath()+" -help"))}
}

// needCommand is what the program does without a command: it shows its help, unless flags say that one was meant.
func needCommand(c *cobra.Command, _ []string) error {
	if chdir := c.Flags().Lookup("chdir"); chdir.Changed {
		return usageError{fmt.Errorf("-chdir took %q as its directory, and no command follows; write kmsplan -chdir=DIR COMMAND", chdir.Value)}
	}
	return c.Help()
}

// helpFor makes `help` say so when there is nothing of that name.
func helpFor(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Run, c.RunE = nil, func(_ *cobra.Command, args []string) error {
				topic, rest, err := root.Find(args)
				if err == nil && len(rest) > 0 && topic.HasSubCommands() {
					err = noSuchSubcommand(topic, rest)
				}
				if err != nil {
					return err
				}
				topic.InitDefaultHelpFlag()
				return topic.Help()
			}
		}
	}
}

// takes says what a flag takes, in words.
func takes(invalid *pflag.InvalidValueError) string {
	var number *strconv.NumError
	switch kind := invalid.GetFlag().Value.Type(); {
	case kind == "bool":
		return "true or false"
	case kind == "duration":
		return "a time such as 10s or 5m"
	case errors.As(invalid, &number):
		return "a number"
	}
	return "another kind of value: " + errors.Unwrap(invalid).Error()
}

// jsonMistake lets a mistake on the command line be said in JSON, where that was asked for: of a command that prints JSON
// lines, and where no command is named that there is. One that prints a document prints none.
func (a *app) jsonMistake(root *cobra.Command, err error) {
	var mistake usageError
	if !errors.As(err, &mistake) || a.view != view.View(a.term) || !jsonAsked(a.proc.Args) {
		return
	}
	c, _, findErr := root.Find(normalise(root, a.proc.Args))
	if findErr != nil || c.HasSubCommands() || c.Flags().Lookup("json-into") != nil {
		a.view = view.NewLines(a.term.Out, version.Number, a.now)
	}
}

// jsonAsked reports whether -json is among the arguments.
func jsonAsked(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case "-json", "--json", "-json=true", "--json=true":
			return true
		}
	}
	return false
}
