package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"golang.org/x/term"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/stack"
)

// inputVariable says, set to 0 or false, that nobody is asked for anything, as -input=false does.
const inputVariable = "KMSPLAN_INPUT"

// asks reports whether the environment lets a command ask.
func (a *app) asks() bool {
	switch strings.ToLower(a.getenv(inputVariable)) {
	case "0", "false":
		return false
	}
	return true
}

// answers is standard input as lines; one reader for all questions, so that none takes another's answer.
func (a *app) answers() *bufio.Reader {
	if a.lines == nil {
		a.lines = bufio.NewReader(a.proc.Stdin)
	}
	return a.lines
}

// keyboard is standard input where somebody sits at it.
func (a *app) keyboard() (*os.File, bool) {
	f, ok := a.proc.Stdin.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// unassigned are the variables without a value, where nothing else is wrong with a module.
func unassigned(err error) (list []hcl.MissingVariable) {
	invalid, ok := stack.IsInvalid(err)
	if !ok || len(invalid.Refusals) > 0 {
		return nil
	}
	for _, d := range invalid.Diagnostics {
		m, isMissing := d.Extra.(hcl.MissingVariable)
		switch {
		case d.Severity != hclv2.DiagError:
		case !isMissing:
			return nil
		default:
			list = append(list, m)
		}
	}
	return list
}

// answered are the values of missing variables, asked for one after the other in the order of the configuration; none
// where nobody can be asked.
func (a *app) answered(err error) ([]hcl.Assignment, error) {
	list := unassigned(err)
	keyboard, ok := a.keyboard()
	if !ok || !a.asking || len(list) == 0 {
		return nil, nil
	}
	var out []hcl.Assignment
	for _, m := range list {
		value, err := a.answer(m, keyboard)
		if err != nil {
			return nil, withHint(fmt.Errorf("variable %q has no value: %w", m.Name, err),
				fmt.Sprintf("Give it with -var '%s=…', in a file named with -var-file, or in the environment as KMSPLAN_VAR_%s.", m.Name, m.Name))
		}
		out = append(out, hcl.Assignment{Name: m.Name, Value: value})
	}
	return out, nil
}

// answer asks for one variable, and again where nothing was entered.
func (a *app) answer(m hcl.MissingVariable, keyboard *os.File) (string, error) {
	for range 3 {
		a.term.AskVariable(m.Name, m.Description)
		text, err := a.line(m.Sensitive, keyboard)
		if err != nil || text != "" {
			return text, err
		}
	}
	return "", errors.New("nothing was entered")
}

// line reads a line.
func (a *app) line(secret bool, keyboard *os.File) (string, error) {
	if secret {
		return a.secretLine(keyboard)
	}
	a.term.EnterValue("")
	text, err := a.answers().ReadString('\n')
	if errors.Is(err, io.EOF) && text != "" {
		err = nil
	}
	return strings.TrimRight(text, "\r\n"), err
}

// secretLine reads a line that is not shown: the terminal shows nothing from before the question on.
func (a *app) secretLine(keyboard *os.File) (string, error) {
	fd := int(keyboard.Fd())
	shown, err := term.MakeRaw(fd)
	if err != nil {
		return "", fmt.Errorf("hide what is entered: %w", err)
	}
	restore := func() { _ = term.Restore(fd, shown) }
	defer a.stop.before(restore)()
	defer restore()
	a.term.EnterValue(" (not shown)")
	return term.NewTerminal(hidden{a.answers(), a.term.Err}, "").ReadPassword("")
}

// hidden is a terminal in raw mode, from which nothing is read but the line that is asked for.
type hidden struct {
	in *bufio.Reader
	io.Writer
}

func (h hidden) Read(b []byte) (int, error) { return h.in.Read(b[:1]) }

// opening opens a stack, and asks for the variables that it lacks.
func (a *app) opening(open func(stack.Module, stack.Options) (*stack.Stack, error), m stack.Module, o stack.Options) (*stack.Stack, error) {
	s, err := open(m, o)
	if err == nil {
		return s, nil
	}
	given, unanswered := a.answered(err)
	switch {
	case unanswered != nil:
		return nil, unanswered
	case len(given) == 0:
		return nil, err
	}
	m.Vars = slices.Concat(m.Vars, given)
	return open(m, o)
}
