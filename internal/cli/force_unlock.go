package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/state"
)

// forceUnlockCommand breaks a lock whose holder is known to be gone.
func (a *app) forceUnlockCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "force-unlock ID", Short: "Break a lock whose holder is gone", GroupID: groupState, Args: cobra.ExactArgs(1),
		Long: `Break the state's lock. The lock of a process that died is free by itself; this is for one that
hangs. Whatever that process still writes competes by compare-and-swap and cannot overwrite newer state.`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			stored, err := a.openState(0)
			if err != nil {
				return err
			}
			if err := stored.ForceUnlock(c.Context(), args[0]); err != nil {
				return wrongLock(err)
			}
			a.view.Result(map[string]any{"broken": args[0]}, fmt.Sprintf("The lock %s is broken.", args[0]))
			return nil
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// wrongLock says where the id of a lock is to be found.
func wrongLock(err error) error {
	if !errors.Is(err, state.ErrLockID) {
		return err
	}
	return withHint(err, "A command that finds the state locked says the id of the lock, and who holds it. Where no command says so nothing is locked, and there is nothing to break.")
}
