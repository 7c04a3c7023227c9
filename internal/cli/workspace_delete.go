package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

func (a *app) workspaceDeleteCommand() *cobra.Command {
	var force, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "delete NAME", Short: "Delete a workspace that holds nothing", Args: cobra.ExactArgs(1),
		Long: `Delete a workspace with the history of its state. The default workspace cannot be deleted, nor the
selected one. A workspace whose state holds objects or files, or in which calls of an interrupted run
are open, is refused with exit code 3: nothing would remember them. -force lets go of them; nothing in
the service is touched, and they are listed.`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.inWorkspaces(lockTimeout, func(w *stack.Workspaces) error {
				held, err := w.Delete(c.Context(), args[0], force)
				var used *stack.InUseError
				if errors.As(err, &used) {
					return a.workspaceInUse(used)
				}
				if err == nil {
					a.view.Result(deletedWorkspace(args[0], held), deletedLines(args[0], held)...)
				}
				return err
			})
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&force, "force", false, "delete it though its state holds something, which lives on with nothing that remembers it")
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

// workspaceInUse is a refusal as a guard's.
func (a *app) workspaceInUse(used *stack.InUseError) error {
	hints := []string{fmt.Sprintf("With %s=%s, kmsplan destroy takes the objects away as far as they are not protected, and kmsplan state rm ADDRESS lets go of single ones and of files.", stack.WorkspaceVariable, used.Workspace)}
	if len(used.Addresses) > 0 {
		hints = append([]string{"It holds: " + strings.Join(used.Addresses, ", ")}, hints...)
	}
	if len(used.Open) > 0 {
		hints = append(hints, "kmsplan recover finds out there what became of the calls that are open.")
	}
	a.view.Error("Refused", used, append(hints, "Or give -force: everything lives on, and no state remembers it.")...)
	return exit{exitRefused}
}

// deletedWorkspace is what a workspace was deleted with, for -json.
func deletedWorkspace(name string, held state.Position) map[string]any {
	objects := []string{}
	for i := range held.State.Resources {
		objects = append(objects, held.State.Resources[i].Address)
	}
	return map[string]any{"deleted": name, "objects": objects, "files": len(held.State.Files), "open_calls": len(held.Open)}
}

// deletedLines say what a workspace was deleted with.
func deletedLines(name string, held state.Position) []string {
	var lines []string
	if objects := objectLines(held.State.Resources); len(objects) > 0 {
		lines = append(append(lines, "These objects live on, and no state remembers them:"), objects...)
	}
	if n := len(held.State.Files); n > 0 {
		lines = append(lines, fmt.Sprintf("%d encrypted files stay as they are, and no state remembers them.", n))
	}
	if n := len(held.Open); n > 0 {
		lines = append(lines, fmt.Sprintf("%d calls of an interrupted run were open: whether they took effect is not known.", n))
	}
	return append(lines, fmt.Sprintf("Deleted the workspace %s.", name))
}
