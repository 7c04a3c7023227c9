package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state/memory"
	"kmsplan.dev/kmsplan/internal/trial"
	"kmsplan.dev/kmsplan/internal/view"
)

// trials are what test was asked to do, and how it goes.
type trials struct {
	vars    variables
	filter  []string
	verbose bool
	junit   string
	streamFlags
	results []trial.Result
}

// testCommand runs the tests of a module.
func (a *app) testCommand() *cobra.Command {
	t := &trials{}
	c := &cobra.Command{
		Use: "test", Short: "Run the module's *.kmstest.hcl files against emulators of their own", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Run the tests in the *.kmstest.hcl files of the module and of its directory tests. Every gateway is an
emulator of the test's own and the state is in memory, so that no service is called and nothing of the
module is written; all of it is gone afterwards. Runs of one file go in order over one state.

Exit codes: 0 when every test passed; 1 otherwise.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.test(c.Context(), t) },
	}
	t.vars.flags(c)
	repeated(c.Flags(), &t.filter, "filter", "run only the tests of `FILE`; repeatable")
	c.Flags().BoolVar(&t.verbose, "verbose", false, "show the plan of every run")
	t.streamFlags.flags(c)
	c.Flags().StringVar(&t.junit, "junit-xml", "", "write the results to `FILE` as JUnit's XML")
	return c
}

func (a *app) test(ctx context.Context, t *trials) error {
	if err := a.openViews(t.streamFlags); err != nil {
		return err
	}
	m, err := a.module(&t.vars)
	if err != nil {
		return err
	}
	files, err := t.find(m.Dir)
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := a.testFile(ctx, t, m, name); err != nil {
			return err
		}
	}
	return a.tested(t)
}

// find lists the files with tests, those of -filter where that is given.
func (t *trials) find(dir string) (names []string, err error) {
	for _, below := range []string{".", "tests"} {
		entries, err := os.ReadDir(filepath.Join(dir, below))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("look for tests: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && strings.HasSuffix(e.Name(), hcl.TestSuffix) {
				names = append(names, filepath.Join(below, e.Name()))
			}
		}
	}
	for _, f := range t.filter {
		if !slices.Contains(names, filepath.Clean(f)) {
			return nil, usageError{fmt.Errorf("-filter=%s is none of the module's test files: %s", f, strings.Join(names, ", "))}
		}
	}
	if len(t.filter) > 0 {
		names = slices.DeleteFunc(names, func(n string) bool {
			return !slices.ContainsFunc(t.filter, func(f string) bool { return filepath.Clean(f) == n })
		})
	}
	return names, nil
}

// testFile runs one file's tests in a directory of their own, which is gone afterwards.
func (a *app) testFile(ctx context.Context, t *trials, m stack.Module, name string) error {
	text, err := os.ReadFile(filepath.Join(m.Dir, name))
	if err != nil {
		return fmt.Errorf("read the tests: %w", err)
	}
	tests, diags := hcl.ParseTest(text, name)
	if diags.HasErrors() {
		t.results = append(t.results, trial.Result{File: name, Status: trial.Errored, Diags: diags})
		a.testEnded(t, trial.Unreadable(tests, diags))
		return nil
	}
	sandbox, err := os.MkdirTemp("", "kmsplan-test-")
	if err != nil {
		return fmt.Errorf("make a directory to test in: %w", err)
	}
	defer os.RemoveAll(sandbox)
	if sandbox, err = filepath.EvalSymlinks(sandbox); err != nil {
		return fmt.Errorf("make a directory to test in: %w", err)
	}
	a.view.TestFile(name, "in progress")
	o := a.options(0)
	o.Note, o.Recovered, o.Store = func(string) {}, nil, new(memory.Place).Open()
	results := trial.File(ctx, tests, trial.Options{Module: m, Stack: o, Sandbox: sandbox, Ended: func(r trial.Result) { a.testEnded(t, r) }})
	t.results = append(t.results, results...)
	a.view.TestFile(name, "tearing down")
	a.view.TestFile(name, string(trial.Worst(results)))
	return nil
}

// testEnded shows how a run ended.
func (a *app) testEnded(t *trials, r trial.Result) {
	a.view.TestRun(view.TestRun{File: r.File, Run: r.Run, Line: r.Line, Status: string(r.Status), Reasons: r.Reasons()})
	if t.verbose && r.Plan != nil {
		a.view.Plan(r.Plan)
	}
	if len(r.Diags) > 0 {
		a.view.Diagnostics(r.Diags, r.Sources)
	}
	for _, p := range r.Problems {
		a.view.Error(fmt.Sprintf("%s:%d, in run %q", r.File, r.Line, r.Run), errors.New(p))
	}
}

// tested sums up.
func (a *app) tested(t *trials) error {
	counts := trial.Count(t.results)
	a.view.Tested(view.TestCounts{
		Status: string(trial.Worst(t.results)), Passed: counts.Passed, Failed: counts.Failed, Skipped: counts.Skipped, Sentence: counts.Sentence(),
	})
	if t.junit != "" {
		text, err := trial.JUnit(t.results)
		if err != nil {
			return fmt.Errorf("-junit-xml: %w", err)
		}
		if err := durable.WriteFile(a.path(t.junit), text, 0o600); err != nil {
			return fmt.Errorf("-junit-xml: %w", err)
		}
	}
	if counts.Failed > 0 {
		return exit{exitError}
	}
	return nil
}
