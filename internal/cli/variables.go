package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/view"
)

// variables are the -var and -var-file flags, in the order they were given.
type variables struct{ list []hcl.Assignment }

// flags adds -var and -var-file.
func (v *variables) flags(c *cobra.Command) {
	c.Flags().Var(assignment{v, false}, "var", "set a variable: `NAME=VALUE`; repeatable")
	c.Flags().Var(assignment{v, true}, "var-file", "read variables from `FILE`; repeatable")
}

// assignment is one of both flags; each value joins the shared list.
type assignment struct {
	all  *variables
	file bool
}

func (a assignment) String() string { return "" }
func (a assignment) Type() string   { return "string" }

func (a assignment) Set(text string) error {
	if a.file {
		a.all.list = append(a.all.list, hcl.Assignment{File: text})
		return nil
	}
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("write NAME=VALUE")
	}
	a.all.list = append(a.all.list, hcl.Assignment{Name: name, Value: value})
	return nil
}

// module is the module in the working directory with the variables of the command line.
func (a *app) module(v *variables) (stack.Module, error) {
	dir, err := a.dir()
	return stack.Module{Dir: dir, Vars: v.list, Env: a.proc.Env}, err
}

// options are what every stack is opened with.
func (a *app) options(lockTimeout time.Duration) stack.Options {
	o := stack.Options{
		LockTimeout: lockTimeout, Env: a.proc.Env, MinSerial: a.minSerial, Outside: a.outsideDirs(), Now: a.now, Logger: a.logger(), Faults: a.getenv("KMSPLAN_EMULATOR_FAULTS"),
		Note: func(text string) { a.view.Notef("%s", text) }, Recovered: a.view.Recovered, Progress: a.reading, File: a.fileProgress(),
		UnprovedDataKeys: a.unproved, FilesPerDataKey: a.scopeFiles,
	}
	if a.batchTurns {
		o.Pace = func(string) transport.Pace { return quota.Turns{} }
	}
	return o
}

// outsideDirs are the directories of -outside, absolute.
func (a *app) outsideDirs() []string {
	var out []string
	for _, name := range a.outside {
		if dir, err := filepath.Abs(a.path(name)); err == nil {
			out = append(out, dir)
		}
	}
	return out
}

// reading shows how far the reading of objects is.
func (a *app) reading(r stack.Progress) { a.view.Reading(view.Reading(r)) }

// fileProgress draws the progress of files, one at a time.
func (a *app) fileProgress() func(verb, path string) (func(done, total int64), func()) {
	progress := a.term.NewFileProgress(a.now)
	return func(verb, path string) (func(done, total int64), func()) {
		return progress.Of(verb, path), progress.Done
	}
}

// load reads the module. Variables without a value are errors unless allowMissing.
func (a *app) load(v *variables, allowMissing bool) (*hcl.Config, hclv2.Diagnostics) {
	m, err := a.module(v)
	if err != nil {
		return &hcl.Config{}, hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: "No module directory", Detail: err.Error() + "."}}
	}
	return m.Load(allowMissing)
}

// openStack opens the module with its state.
func (a *app) openStack(v *variables, lockTimeout time.Duration) (*stack.Stack, error) {
	return a.opened(stack.Open, v, lockTimeout)
}

func (a *app) opened(open func(stack.Module, stack.Options) (*stack.Stack, error), v *variables, lockTimeout time.Duration, saved ...hcl.Variable) (*stack.Stack, error) {
	m, err := a.module(v)
	if err != nil {
		return nil, err
	}
	m.Saved = saved
	s, err := a.opening(open, m, a.options(lockTimeout))
	if err != nil {
		return nil, err
	}
	a.view.Diagnostics(s.Warnings, s.Config.Files)
	return s, nil
}

// openState opens the module's state alone.
func (a *app) openState(lockTimeout time.Duration) (*stack.Stored, error) {
	return a.openStateWith(&variables{}, lockTimeout)
}

// withState works on the state of a module whose variables are given, and closes it.
func (a *app) withState(v *variables, lockTimeout time.Duration, work func(*stack.Stored) error) error {
	stored, err := a.openStateWith(v, lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(stored.Close)
	return work(stored)
}

// withRemembered is withState with what the state holds, under the names that gateways have now.
func (a *app) withRemembered(ctx context.Context, v *variables, lockTimeout time.Duration, work func(*stack.Stored, state.State) error) error {
	return a.withState(v, lockTimeout, func(stored *stack.Stored) error {
		st, err := stored.Remembered(ctx)
		if err != nil {
			return err
		}
		return work(stored, st)
	})
}

// openStateWith opens the state of a module whose variables are given: its gateways or its expressions need them.
func (a *app) openStateWith(v *variables, lockTimeout time.Duration) (*stack.Stored, error) {
	m, err := a.module(v)
	if err != nil {
		return nil, err
	}
	options, err := a.breakingGlass(a.options(lockTimeout))
	if err != nil {
		return nil, err
	}
	return stack.OpenState(m, options)
}

// openGateways opens the module's gateway blocks alone.
func (a *app) openGateways(v *variables, identities []envelope.Identity) (*stack.Gateways, error) {
	m, err := a.module(v)
	if err != nil {
		return nil, err
	}
	o := a.options(stack.DefaultLockTimeout)
	o.Identities = identities
	if a.gatewayFrom != "" {
		return stack.GatewaysFrom(a.gatewayFrom, m.Dir, a.getenv, o)
	}
	g, err := stack.OpenGateways(m, o)
	switch {
	case err != nil:
		return nil, err
	case g.Broken && len(g.Config.Gateways) == 0:
		a.view.Notef("no gateway block loads here, so only the age identities are tried")
	case g.Broken:
		a.view.Notef("the module has errors (kmsplan validate shows them); its gateway blocks are used all the same")
	}
	return g, nil
}
