package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
)

// workspaceCommand groups the commands on workspaces.
func (a *app) workspaceCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "workspace", Short: "Keep several states of one module: list, select, make and delete them", GroupID: groupState, Args: noSuchSubcommand,
		Long: `A workspace is a state of its own for the same module: its own lineage, history and lock, in the same
store beside the others. The workspace that every stack has is called default. kmsplan.workspace is
the name of the selected one in expressions.

Commands work in the workspace that was selected in this directory, which stands in
.kmsplan/workspace. KMSPLAN_WORKSPACE selects one for a single command, and has the last word.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.workspaceListCommand(), a.workspaceShowCommand(), a.workspaceNewCommand(), a.workspaceSelectCommand(), a.workspaceDeleteCommand())
	return c
}

// inWorkspaces opens the module's backend for work on its workspaces.
func (a *app) inWorkspaces(lockTimeout time.Duration, work func(*stack.Workspaces) error) error {
	m, err := a.module(&variables{})
	if err != nil {
		return err
	}
	w, err := stack.OpenWorkspaces(m, a.options(lockTimeout))
	if err != nil {
		return err
	}
	return errors.Join(work(w), w.Close())
}

// listedWorkspace is one of a list.
type listedWorkspace struct {
	Name     string `json:"name"`
	Selected bool   `json:"selected"`
}

func (a *app) workspaceListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the workspaces; a star marks the selected one", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a.answerIn(asJSON)
			return a.inWorkspaces(0, func(w *stack.Workspaces) error {
				names, err := w.List(c.Context())
				if err != nil {
					return err
				}
				list := []listedWorkspace{}
				var lines []string
				for _, name := range names {
					sign := "  "
					if name == w.Selected {
						sign = "* "
					}
					list, lines = append(list, listedWorkspace{name, name == w.Selected}), append(lines, sign+name)
				}
				a.view.Listed(list, lines...)
				if !slices.Contains(names, w.Selected) {
					a.view.Notef("the selected workspace, %s, is not there: kmsplan workspace new %s makes it", w.Selected, w.Selected)
				}
				return nil
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) workspaceShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show", Short: "Print the name of the selected workspace", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.answerIn(asJSON)
			m, err := a.module(&variables{})
			if err != nil {
				return err
			}
			name, err := m.Workspace()
			if err == nil {
				a.view.Listed(listedWorkspace{name, true}, name)
			}
			return err
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) workspaceNewCommand() *cobra.Command {
	var asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "new NAME", Short: "Make a workspace, and select it", Args: cobra.ExactArgs(1),
		Long: `Make a workspace with a state that has nothing yet, and select it. A name has 1 to 64 letters,
digits, - and _, and begins with a letter or a digit. What another workspace has is not copied.`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.inWorkspaces(lockTimeout, func(w *stack.Workspaces) error {
				if err := w.New(c.Context(), args[0]); err != nil {
					return err
				}
				a.view.Result(selectedWorkspace{args[0], true}, fmt.Sprintf("Made the workspace %s, which has nothing yet, and selected it. Next: kmsplan plan", args[0]))
				return nil
			})
		},
	}
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

// selectedWorkspace is the one that was selected, and whether it was made for it.
type selectedWorkspace struct {
	Name string `json:"name"`
	Made bool   `json:"made"`
}

func (a *app) workspaceSelectCommand() *cobra.Command {
	var create, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "select NAME", Short: "Choose the workspace that commands of this directory work in", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			return a.inWorkspaces(lockTimeout, func(w *stack.Workspaces) error {
				made, err := w.Select(c.Context(), args[0], create)
				switch {
				case err != nil:
					return err
				case made:
					a.view.Result(selectedWorkspace{args[0], true}, fmt.Sprintf("Made the workspace %s, which has nothing yet, and selected it.", args[0]))
				default:
					a.view.Result(selectedWorkspace{args[0], false}, fmt.Sprintf("Selected the workspace %s.", args[0]))
				}
				return nil
			})
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&create, "or-create", false, "make the workspace if it is not there")
	lockTimeoutFlag(c, &lockTimeout)
	return c
}
