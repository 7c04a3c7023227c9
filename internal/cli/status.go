package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// statusOf is what status was asked.
type statusOf struct {
	vars         variables
	lockTimeout  time.Duration
	key, version string
	recursive    bool
	refresh      bool
	print0       bool
	json         bool
}

// statusCommand says which files need a key.
func (a *app) statusCommand() *cobra.Command {
	var o statusOf
	c := &cobra.Command{
		Use: "status [PATH …]", Short: "Show which encrypted files need which key and version, and whether one may go", GroupID: groupFiles,
		Long: `Show every encrypted file that this stack keeps, or that import-census took up, by key and key version, held
against the file itself: only headers are read, and nothing is called or proved. PATHs are files beside the census,
and with -r all below directories.

-key and -version narrow the list, and ask whether the key, or that version of it, may go: a file that is missing or
cannot be read counts as it was last known. Of a key, secrets and aliases of the state count too, and what
kmsplan usage import learnt of it is said.

-print0 prints instead the paths of the files that kmsplan rewrap can bring under another key, each ended by a NUL byte,
for its -files0-from: those of import-census, and those of PATHs, that are there and readable.

Exit codes: 0 nothing needs what was asked for, or nothing was asked; 2 something does (0 with -print0); 1 error.`,
		Example: `  kmsplan status
  kmsplan status -key key.orders -version 2f1a4c5e-0001-4aeb-9f0a-000000000001
  kmsplan status -r -key alias/orders /srv/archive
  kmsplan status -print0 -key key.old | kmsplan rewrap -key alias/new -files0-from -`,
		RunE: func(c *cobra.Command, args []string) error { return a.status(c.Context(), &o, args) },
	}
	o.vars.flags(c)
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "only what needs the `KEY`: an address of the state, id, alias/NAME or ARN; and whether it may go")
	f.StringVar(&o.version, "version", "", "only what needs the key `VERSION`, and whether it may go")
	f.BoolVarP(&o.recursive, "recursive", "r", false, "look at everything below directories")
	f.BoolVar(&o.refresh, "refresh", false, "record in the state what files are now: those of import-census, and the key version of those that data blocks keep")
	f.BoolVar(&o.print0, "print0", false, "print only the paths that rewrap -files0-from takes, each ended by a NUL byte")
	jsonFlag(c, &o.json)
	lockTimeoutFlag(c, &o.lockTimeout)
	c.MarkFlagsMutuallyExclusive("print0", "json")
	return c
}

func (a *app) status(ctx context.Context, o *statusOf, paths []string) error {
	a.answerIn(o.json)
	return a.withRemembered(ctx, &o.vars, o.lockTimeout, func(stored *stack.Stored, st state.State) error {
		return a.statusIn(ctx, o, paths, stored, st)
	})
}

// statusIn looks at the files that a state keeps, and at those named beside.
func (a *app) statusIn(ctx context.Context, o *statusOf, paths []string, stored *stack.Stored, st state.State) error {
	names := namesOf(st)
	key, err := names.find(o.key)
	if err != nil {
		return err
	}
	if o.refresh {
		if st, err = refreshedCensus(ctx, stored); err != nil {
			return err
		}
	}
	looked := census.Look(ctx, stored.Dir(), st.Files)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	found := census.Find(stored.Dir(), paths, o.recursive)
	answer := newStatus(a.now(), st, names, looked, found.Entries, key, o.version)
	answer.Passed = passed(found.Passed)
	if o.print0 {
		return errors.Join(a.printPaths(answer.Files), a.passedErrors(found.Passed))
	}
	a.showStatus(answer, o.json)
	if err := a.passedErrors(found.Passed); err != nil {
		return err
	}
	if answer.Asked != nil && !answer.Asked.MayGo {
		return exit{exitChanges}
	}
	return nil
}

// refreshedCensus records what files are now, and gives the state after that.
func refreshedCensus(ctx context.Context, stored *stack.Stored) (state.State, error) {
	err := stored.EditCensus(ctx, "status", func(now state.State) (state.State, error) {
		now.Files, _ = census.Refreshed(now.Files, census.Look(ctx, stored.Dir(), now.Files))
		return now, ctx.Err()
	})
	if err != nil {
		return state.State{}, err
	}
	return stored.Remembered(ctx)
}

// passedErrors are the errors of names that were not looked at; what was only found and is no file is said.
func (a *app) passedErrors(list []census.Passed) error {
	var errs []error
	for _, p := range list {
		if p.Found {
			a.view.Notef("%s was not looked at: %s", pathWord(p.Path), p.Reason)
			continue
		}
		errs = append(errs, fmt.Errorf("%s was not looked at: %w", pathWord(p.Path), errors.New(p.Reason)))
	}
	return failures(len(list), errs)
}
