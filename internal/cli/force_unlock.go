package cli

import (
	"fmt"

	"github.com/spf13/cobra"
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
				return err
			}
			a.view.Result(map[string]any{"broken": args[0]}, fmt.Sprintf("The lock %s is broken.", args[0]))
			return nil
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
