package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/view"
)

// maxExpression bounds one line of the console, in bytes.
const maxExpression = 1 << 20

// consoleCommand evaluates expressions.
func (a *app) consoleCommand() *cobra.Command {
	vars := &variables{}
	var asJSON bool
	c := &cobra.Command{
		Use: "console [EXPRESSION]", Short: "Evaluate expressions, with the objects that the state remembers", GroupID: groupDeclare,
		Args: cobra.MaximumNArgs(1),
		Long: `Evaluate an expression of the language, or each line of standard input, and print its value.
Variables, locals, functions and the objects of the state are known; nothing is called, and
nothing is changed. A sensitive value is not printed. The line exit ends it, as does the end
of the input.

    kmsplan console 'key.orders.arn'
    echo 'upper(var.team)' | kmsplan console

Exit codes: 0; 1 when an expression of the input was not right.`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.console(c.Context(), vars, args)
		},
	}
	vars.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print values as JSON")
	return c
}

func (a *app) console(ctx context.Context, vars *variables, args []string) error {
	return a.withRemembered(ctx, vars, 0, func(stored *stack.Stored, st state.State) error {
		evaluate := stored.Evaluator(st)
		if len(args) == 1 {
			return a.evaluated(args[0], evaluate)
		}
		return a.consoleLines(evaluate)
	})
}

// consoleLines evaluates line by line; one that is not right does not end it.
func (a *app) consoleLines(evaluate func(string) (cty.Value, hclv2.Diagnostics)) (err error) {
	lines := bufio.NewScanner(a.proc.Stdin)
	lines.Buffer(nil, maxExpression)
	for lines.Scan() {
		switch line := strings.TrimSpace(lines.Text()); line {
		case "":
		case "exit", "quit":
			return err
		default:
			if wrong := a.evaluated(line, evaluate); wrong != nil {
				err = wrong
			}
		}
	}
	if lines.Err() != nil {
		return fmt.Errorf("read an expression from standard input: %w", lines.Err())
	}
	return err
}

func (a *app) evaluated(text string, evaluate func(string) (cty.Value, hclv2.Diagnostics)) error {
	v, diags := evaluate(text)
	a.view.Diagnostics(diags, map[string]*hclv2.File{hcl.ConsoleFile: {Bytes: []byte(text)}})
	if diags.HasErrors() {
		return exit{exitError}
	}
	a.view.Listed(shownValue(v), view.ValueLines(v)...)
	return nil
}

// shownValue is a value as JSON may have it: nothing sensitive, and null for what is not known.
func shownValue(v cty.Value) any {
	shown, _ := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if v.IsMarked() {
			return cty.StringVal("(sensitive value)"), nil
		}
		return v, nil
	})
	return map[string]any{"value": plan.ToState(shown)}
}
