package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/merge"
	"kmsplan.dev/kmsplan/internal/ops"
)

// gitMergeCommand is git's merge driver.
func (a *app) gitMergeCommand() *cobra.Command {
	var d drivers
	c := &cobra.Command{
		Use: "merge BASE OURS THEIRS [PATH]", Short: "Merge two versions of an encrypted file, for git merge", Args: cobra.RangeArgs(3, 4),
		Long: `Merge the plaintexts of OURS and THEIRS, line by line and in documents value by value, and put the
outcome, encrypted as they are, in the place of OURS. Values that did not change keep their
ciphertext; KMS is asked for nothing but the data key.

A conflict exits with 1. No plaintext gets into a file by it: a document holds both sides then,
sealed, between the marks of git; an envelope is left as ours. kmsplan git resolve decides it.

git calls this once kmsplan git install has set it up.`,
		RunE: func(c *cobra.Command, args []string) error { return a.gitMerge(c.Context(), &d, args) },
	}
	d.flags(c)
	return c
}

func (a *app) gitMerge(ctx context.Context, d *drivers, args []string) error {
	var contents [3][]byte
	var paths [3]string
	for i, name := range args[:3] {
		path, err := filepath.Abs(a.path(name))
		if err != nil {
			return err
		}
		if contents[i], err = readShown(path); err != nil {
			return err
		}
		paths[i] = path
	}
	shown := args[1]
	if len(args) == 4 {
		shown = args[3]
	}
	if !ops.IsSealed(contents[1]) && !ops.IsSealed(contents[2]) {
		return a.mergePlain(ctx, paths)
	}
	keys, done := a.driverKeys(d)
	defer done()
	v, err := ops.OpenVersions(ctx, contents[0], contents[1], contents[2], keys)
	var merged []byte
	if err == nil {
		merged, err = v.Merge(ops.Neither)
	}
	if err == nil {
		return os.WriteFile(paths[1], merged, 0o600) // git's own file, which is there
	}
	if document.Is(contents[1]) && document.Is(contents[2]) {
		if err := os.WriteFile(paths[1], merge.Around(contents[1], contents[2]), 0o600); err != nil {
			return err
		}
	}
	return withHint(fmt.Errorf("merge %s: %w", shown, err), "Both sides stand sealed in git's index. kmsplan git resolve "+shown+" shows the conflict and decides it; so do git checkout --ours and --theirs.")
}

// mergePlain merges what neither side encrypts as git does.
func (a *app) mergePlain(ctx context.Context, paths [3]string) error {
	c := exec.CommandContext(ctx, "git", "merge-file", "-q", "-L", "ours", "-L", "base", "-L", "theirs", paths[1], paths[0], paths[2])
	c.Env, c.Stderr = a.proc.Env, a.proc.Stderr
	var exited *exec.ExitError
	if err := c.Run(); errors.As(err, &exited) && exited.ExitCode() > 0 {
		return exit{exitError}
	} else if err != nil {
		return fmt.Errorf("git merge-file: %w", err)
	}
	return nil
}
