package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// streamFlags are -json and -json-into of commands that tell what they do while they do it.
type streamFlags struct {
	json     bool
	jsonInto string
}

// flags adds them.
func (f *streamFlags) flags(c *cobra.Command) {
	c.Flags().BoolVar(&f.json, "json", false, "print JSON lines")
	c.Flags().StringVar(&f.jsonInto, "json-into", "", "also write JSON lines to `FILE`")
}

// openViews chooses, once, whom the command talks to: people or a reader of JSON lines, and a file of such
// lines beside either.
func (a *app) openViews(f streamFlags) error {
	first, into, err := a.streams(f)
	if err == nil {
		a.view = view.New(first, into)
	}
	return err
}

// streams are the view of standard output, and that of the file of -json-into, nil without it.
func (a *app) streams(f streamFlags) (first, into view.View, err error) {
	first = a.term
	if f.json {
		first = view.NewLines(a.term.Out, version.Number, a.now)
	}
	if f.jsonInto != "" {
		file, err := a.openInto(f.jsonInto)
		if err != nil {
			return nil, nil, fmt.Errorf("open the file of -json-into: %w", err)
		}
		a.into = newOutput(file)
		into = view.NewLines(a.into, version.Number, a.now)
	}
	return first, into, nil
}

// openInto opens the file of -json-into, which is replaced. A link is refused: what it points to is somebody else's.
func (a *app) openInto(name string) (*os.File, error) {
	if info, err := os.Lstat(a.path(name)); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("%s is a symbolic link; name the file itself", name)
	}
	if err := a.outputPlaces(&variables{})(name); err != nil {
		return nil, err
	}
	return os.OpenFile(a.path(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|noFollow, 0o600)
}

// apart refuses a file for a command's other output that another flag names, by whatever name it is the file of -json-into.
func (a *app) apart(flag, name string) error {
	if slices.ContainsFunc(a.reports, func(r report) bool {
		return r.file != "" && name != "" && filepath.Clean(r.file) == filepath.Clean(name)
	}) {
		return usageError{fmt.Errorf("%s and another -report both name %s; name two files", flag, name)}
	}
	if a.into == nil || name == "" {
		return nil
	}
	into, err := a.into.to.(*os.File).Stat()
	if err != nil {
		return err
	}
	if info, err := os.Stat(a.path(name)); err == nil && os.SameFile(info, into) {
		return usageError{fmt.Errorf("%s and -json-into both name %s; name two files", flag, name)}
	}
	return nil
}

// closeInto ends the file of -json-into. What could not be written to it is an error of the command.
func (a *app) closeInto(code int) int {
	if a.into == nil {
		return code
	}
	lost := errors.Join(a.into.failed(), a.into.to.(*os.File).Close())
	if lost == nil || code != exitDone {
		return code
	}
	a.term.Error("kmsplan could not finish", fmt.Errorf("write the file of -json-into: %w", lost))
	return exitError
}

// jsonFlag is -json of a command with one answer.
func jsonFlag(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// answerIn makes a command answer in one JSON document instead of sentences.
func (a *app) answerIn(json bool) {
	if json {
		a.view = view.NewDocument(a.term, version.Number)
	}
}
