package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// formatting is what fmt was asked to do.
type formatting struct {
	check, diff, recursive bool
	list, write            bool
	unformatted            int
}

// fmtCommand rewrites configuration into its canonical form.
func (a *app) fmtCommand() *cobra.Command {
	f := &formatting{}
	c := &cobra.Command{
		Use: "fmt [FILE|DIR …]", Short: "Rewrite configuration files into their canonical form", GroupID: groupDeclare,
		Long: `Rewrite *.kms.hcl, *.kmsvars.hcl and *.kmstest.hcl files into their canonical form and list the files
that changed. Without arguments the files of the working directory are taken; a single
dash reads standard input and writes standard output.

-check changes nothing and exits 3 when a file is not canonical.`,
		RunE: func(c *cobra.Command, args []string) error { return a.format(f, args) },
	}
	c.Flags().BoolVar(&f.check, "check", false, "change nothing; exit 3 if a file is not canonical")
	c.Flags().BoolVar(&f.diff, "diff", false, "show the differences")
	c.Flags().BoolVar(&f.recursive, "recursive", false, "descend into directories")
	c.Flags().BoolVar(&f.list, "list", true, "list the files that are not canonical")
	c.Flags().BoolVar(&f.write, "write", true, "write the canonical form")
	return c
}

func (a *app) format(f *formatting, args []string) error {
	if len(args) == 1 && args[0] == "-" {
		return a.formatStdin(f)
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		if err := a.formatTarget(f, arg); err != nil {
			return err
		}
	}
	return f.result()
}

// result is the exit of a check.
func (f *formatting) result() error {
	if f.check && f.unformatted > 0 {
		return exit{exitRefused}
	}
	return nil
}

func (a *app) formatStdin(f *formatting) error {
	src, err := io.ReadAll(io.LimitReader(a.proc.Stdin, maxSource))
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	out, err := a.canonical(src, "<stdin>")
	if err != nil {
		return err
	}
	if !bytes.Equal(src, out) {
		f.unformatted++
	}
	if f.diff {
		fmt.Fprintf(a.proc.Stdout, "%s", diff.Diff("old/<stdin>", src, "new/<stdin>", out))
	} else if !f.check {
		fmt.Fprintf(a.proc.Stdout, "%s", out)
	}
	return f.result()
}

// formatTarget formats one file, or the files of one directory.
func (a *app) formatTarget(f *formatting, target string) error {
	full := a.path(target)
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", target)
	case err != nil:
		return fmt.Errorf("look at %s: %w", target, durable.Reason(err))
	case !info.IsDir():
		return a.formatFile(f, full)
	}
	return filepath.WalkDir(full, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("list %s: %w", p, durable.Reason(err))
		case d.IsDir() && p != full && (!f.recursive || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.Type().IsRegular() && isSource(d.Name()):
			return a.formatFile(f, p)
		}
		return nil
	})
}

// isSource reports whether fmt looks after files of that name.
func isSource(name string) bool {
	return strings.HasSuffix(name, ".kms.hcl") || strings.HasSuffix(name, hcl.TestSuffix) || strings.HasSuffix(name, ".kmsvars.hcl")
}

// maxSource bounds a configuration file, bytes.
const maxSource = 16 << 20

func (a *app) formatFile(f *formatting, name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, durable.Reason(err))
	}
	shown := name
	if rel, err := filepath.Rel(a.chdir, name); err == nil {
		shown = rel
	}
	out, err := a.canonical(src, shown)
	if err != nil || bytes.Equal(src, out) {
		return err
	}
	f.unformatted++
	if f.list {
		a.view.Listed(shown, shown)
	}
	if f.diff {
		fmt.Fprintf(a.proc.Stdout, "%s", diff.Diff("old/"+shown, src, "new/"+shown, out))
	}
	if f.check || !f.write {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, durable.Reason(err))
	}
	if err := durable.WriteFile(name, out, info.Mode().Perm()); err != nil {
		return fmt.Errorf("write %s: %w", name, durable.Reason(err))
	}
	return nil
}

// canonical formats one source; a source that does not parse is shown and refused.
func (a *app) canonical(src []byte, name string) ([]byte, error) {
	out, diags := hcl.Format(src, name)
	if diags.HasErrors() {
		a.view.Diagnostics(diags, nil)
		return nil, exit{exitError}
	}
	return out, nil
}
