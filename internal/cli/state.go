package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/state"
)

// stateCommand groups the commands on the state itself.
func (a *app) stateCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "state", Short: "List, show and edit what the state remembers", GroupID: groupState, Args: noSuchSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.stateListCommand(), a.stateShowCommand(), a.stateMoveCommand(), a.stateRemoveCommand(), a.statePullCommand(), a.statePushCommand(),
		a.stateHistoryCommand(), a.stateRollbackCommand(), a.stateReplaceGatewayCommand())
	return c
}

func (a *app) stateListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list [ADDRESS …]", Short: "List the addresses the state has",
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			st, err := a.readState(c)
			if err != nil {
				return err
			}
			names, err := state.Select(st, args...)
			if err != nil {
				return err
			}
			a.view.Listed(append([]string{}, names...), names...)
			return nil
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) stateShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show ADDRESS", Short: "Show one object of the state", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			st, err := a.readState(c)
			if err != nil {
				return err
			}
			names, err := state.Select(st, args[0])
			if err != nil {
				return err
			}
			a.answerIn(asJSON)
			for _, name := range names {
				a.showObject(st, name)
			}
			return nil
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) showObject(st state.State, address string) {
	if r, ok := state.Find(st, address); ok {
		a.view.Resource(r, st)
		return
	}
	var files []state.File
	for _, f := range st.Files {
		if f.Address == address {
			files = append(files, f)
		}
	}
	a.view.Census(files)
}

func (a *app) stateMoveCommand() *cobra.Command {
	var asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "mv FROM TO", Short: "Give an object another address; the object itself is not touched", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.editState(c, lockTimeout, "state mv", func(st state.State) (state.State, edited, error) {
				next, err := state.Move(st, args[0], args[1])
				return next, edited{map[string]any{"from": args[0], "to": args[1]}, fmt.Sprintf("Moved %s to %s.", args[0], args[1])}, err
			})
		},
	}
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

func (a *app) stateRemoveCommand() *cobra.Command {
	var asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "rm ADDRESS …", Short: "Forget objects; they go on living", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.editState(c, lockTimeout, "state rm", func(st state.State) (state.State, edited, error) {
				next, gone, err := state.Remove(st, args...)
				return next, edited{map[string]any{"forgotten": gone}, "Forgotten: " + strings.Join(gone, ", ") + "."}, err
			})
		},
	}
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

func (a *app) statePullCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "pull", Short: "Print the state, opened", Args: cobra.NoArgs,
		Long: `Print the state, opened where it is sealed. When the key that seals it is gone, an age identity
of the encryption block's recipients opens it without KMS.`,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.readState(c)
			if err != nil {
				return err
			}
			b, err := state.Encode(st)
			if err != nil {
				return err
			}
			_, err = a.proc.Stdout.Write(b)
			return err
		},
	}
	a.identityFlag(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, as it does without")
	return c
}

func (a *app) statePushCommand() *cobra.Command {
	var force, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "push FILE", Short: "Store a state read from a file, or from standard input with -", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			var b bytes.Buffer
			if err := a.readInto(&b, args[0]); err != nil {
				return err
			}
			pushed, err := state.Decode(args[0], b.Bytes())
			if err != nil {
				return err
			}
			return a.pushState(c.Context(), lockTimeout, pushed, force)
		},
	}
	lockTimeoutFlag(c, &lockTimeout)
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&force, "force", false, "replace the stored state even if it is of another stack or newer")
	return c
}

// readInto reads a file, or standard input with -.
func (a *app) readInto(b *bytes.Buffer, name string) error {
	in, err := a.open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(b, io.LimitReader(in, 1<<30))
	return err
}

// edited is what was done with a state: for -json, and for people.
type edited struct {
	value any
	said  string
}

// editState changes the state and says what was done.
func (a *app) editState(c *cobra.Command, lockTimeout time.Duration, operation string, edit func(state.State) (state.State, edited, error)) error {
	stored, err := a.openState(lockTimeout)
	if err != nil {
		return err
	}
	var done edited
	err = stored.Edit(c.Context(), operation, func(st state.State) (next state.State, err error) {
		next, done, err = edit(st)
		return next, err
	})
	if err == nil {
		a.view.Result(done.value, done.said)
	}
	return err
}

func (a *app) pushState(ctx context.Context, lockTimeout time.Duration, pushed state.State, force bool) error {
	stored, err := a.openState(lockTimeout)
	if err != nil {
		return err
	}
	serial, err := stored.Push(ctx, pushed, force)
	if err == nil {
		a.view.Result(map[string]any{"serial": serial}, fmt.Sprintf("Stored the state with serial %d.", serial))
	}
	return err
}
