package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// emulatorSnapshotCommand keeps and brings back the whole model.
func (a *app) emulatorSnapshotCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "snapshot", Short: "Save, load and compare the emulator's whole content", Args: noSuchSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	list := &steering{}
	c.AddCommand(a.steer(&cobra.Command{Use: "list", Short: "List the snapshots", Args: cobra.NoArgs}, list,
		func(ctx context.Context, client *control.Client, _ []string) error {
			names, err := client.Snapshots(ctx)
			if err != nil {
				return err
			}
			a.view.Listed(names, names...)
			return nil
		}))
	c.AddCommand(a.steer(&cobra.Command{Use: "save NAME", Short: "Keep the whole content under a name", Args: cobra.ExactArgs(1)}, &steering{},
		func(ctx context.Context, client *control.Client, args []string) error {
			return client.SaveSnapshot(ctx, args[0])
		}))
	c.AddCommand(a.steer(&cobra.Command{Use: "load NAME", Short: "Bring a snapshot back", Args: cobra.ExactArgs(1)}, &steering{},
		func(ctx context.Context, client *control.Client, args []string) error {
			return client.LoadSnapshot(ctx, args[0])
		}))
	diff := &steering{}
	c.AddCommand(a.steer(&cobra.Command{Use: "diff NAME", Short: "Show how the content differs from a snapshot", Args: cobra.ExactArgs(1)}, diff,
		func(ctx context.Context, client *control.Client, args []string) error {
			changes, err := client.DiffSnapshot(ctx, args[0])
			if err != nil {
				return err
			}
			var lines []string
			for _, change := range changes {
				lines = append(lines, fmt.Sprintf("%-8s  %s  %s  %s", change.Kind, change.Table, change.Key, strings.Join(change.Fields, ", ")))
			}
			a.view.Result(changes, lines...)
			return nil
		}))
	return c
}
