package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/state"
)

// choosing are the flags that say which files a command works on.
type choosing struct {
	recursive bool
	from      string
	dryRun    bool
}

func (c *choosing) flags(to *cobra.Command) {
	f := to.Flags()
	f.BoolVarP(&c.recursive, "recursive", "r", false, "also take directories: the files below them, but for what "+ops.IgnoreFile+" names")
	f.StringVar(&c.from, "files0-from", "", "also take the names in `FILE`, or - for standard input, each ended by a NUL byte (find -print0)")
}

// dryRunFlag is that of commands that write or call.
func (c *choosing) dryRunFlag(to *cobra.Command) {
	to.Flags().BoolVar(&c.dryRun, "dry-run", false, "say what would be done to each file, and do nothing")
}

// needFiles demands at least one file, or a list of them.
func needFiles(c *cobra.Command, args []string) error {
	if from := c.Flags().Lookup("files0-from"); len(args) == 0 && (from == nil || from.Value.String() == "") {
		return usageError{fmt.Errorf("name the files, or - for standard input; see %s -help", c.CommandPath())}
	}
	return nil
}

// chosen are the files that a command works on: those that it names, and those of a list.
func (a *app) chosen(c *choosing, args []string, v *variables, want ops.Choice) (ops.Chosen, error) {
	listed, err := a.listedFiles(c.from, args)
	if err != nil {
		return ops.Chosen{}, err
	}
	want.Recursive, want.Path = c.recursive, a.path
	if c.recursive || len(listed) > 0 || hasPattern(args) {
		want.Owned = a.ownedNames(v, want.Sealed)
	}
	got := ops.Choose(append(args[:len(args):len(args)], listed...), want)
	if len(got.Files)+len(got.Errors) > 0 || slices.ContainsFunc(got.Passed, func(p ops.Passed) bool { return p.Done }) {
		return got, nil
	}
	a.tellPassed(got.Passed)
	return got, errors.New("there is nothing to work on: no file that was found is of the kind that is sought")
}

// hasPattern reports whether a name may be a pattern.
func hasPattern(names []string) bool {
	for _, name := range names {
		if strings.ContainsAny(name, `*?[{`) {
			return true
		}
	}
	return false
}

// ownedNames says what of kmsplan's or git's own a name leads to. Where envelopes are sought, a module's configuration
// is no obstacle: it may be kept encrypted.
func (a *app) ownedNames(v *variables, sealed bool) func(name string) string {
	cfg, _ := a.load(v, true) // of a module that does not load, as much as is known
	var allowed []string
	if sealed {
		allowed = []string{hcl.OwnedConfig, hcl.OwnedVars}
	}
	return func(name string) string { return a.ownerOf(cfg, name, allowed...) }
}

// listedFiles reads a list of names.
func (a *app) listedFiles(from string, args []string) ([]string, error) {
	if from == "" {
		return nil, nil
	}
	text, err := a.listText(from, args)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, nil
	}
	if !bytes.ContainsRune(text, 0) && bytes.ContainsRune(text, '\n') {
		return nil, fmt.Errorf("the list of -files0-from has lines and no NUL bytes; end each name with one, as find -print0 and git ls-files -z do")
	}
	var out []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x00"), "\x00") {
		if name == "" || name == "-" {
			return nil, fmt.Errorf("the list of -files0-from holds the name %q, which is no file's", name)
		}
		out = append(out, name)
	}
	return out, nil
}

func (a *app) listText(from string, args []string) ([]byte, error) {
	if from == "-" {
		for _, arg := range args {
			if arg == "-" {
				return nil, usageError{errors.New("-files0-from - and the file - would both read standard input")}
			}
		}
		text, err := io.ReadAll(a.proc.Stdin)
		if err != nil {
			return nil, fmt.Errorf("read the list of files from standard input: %w", err)
		}
		return text, nil
	}
	text, err := os.ReadFile(a.path(from))
	if err != nil {
		return nil, fmt.Errorf("read the list of files: %w", err)
	}
	return text, nil
}

// isStream reports whether a name is no file with a place: standard input, or what a shell puts in the place of <(…). A
// pipe with a name is none: nobody may ever write to it.
func isStream(name string) bool {
	clean := filepath.Clean(name)
	return name == "-" || clean == "/dev/stdin" || strings.HasPrefix(clean, "/dev/fd/") || strings.HasPrefix(clean, "/proc/self/fd/")
}

// anyStream is the first of the files that is a stream, or "".
func anyStream(files []string) string {
	for _, name := range files {
		if isStream(name) {
			return name
		}
	}
	return ""
}

// foresee tells what would be done with each file, and what would be refused as far as check tells without a call. target
// says where its output goes; "" = nowhere else.
func (a *app) foresee(verb string, files ops.Chosen, target func(name string) (string, error), check func(path, output string) error) error {
	answers := make([]fileDone, 0, len(files.Files))
	var errs []error
	for _, name := range files.Files {
		output, err := target(name)
		if err == nil && !isStream(name) && output != "-" {
			err = check(a.path(name), a.path(output))
		}
		done := fileDone{Status: "would_" + verb, Output: state.PathText(output)}
		if err != nil {
			errs = append(errs, err)
		} else {
			a.view.Notef("would %s %s", verb, into(name, output))
		}
		answers = append(answers, done.of(name, err))
	}
	a.view.Result(withPassed(answers, files))
	a.tellPassed(files.Passed)
	return failures(len(files.Files)+len(files.Errors), append(errs, files.Errors...))
}

// into says where a file goes.
func into(name, output string) string {
	switch {
	case output == "":
		return name
	case filepath.Clean(name) == filepath.Clean(output):
		return name + " in its place"
	case output == "-":
		return name + " to standard output"
	}
	return name + " into " + output
}

// tellPassed names what was found and not taken, by reason. What is done already is only counted.
func (a *app) tellPassed(passed []ops.Passed) {
	names, order := map[string][]string{}, []string{}
	for _, p := range passed {
		if p.Done {
			continue
		}
		if _, known := names[p.Why]; !known {
			order = append(order, p.Why)
		}
		names[p.Why] = append(names[p.Why], p.Name)
	}
	for _, why := range order {
		list, more := names[why], ""
		if len(list) > listed {
			more = fmt.Sprintf(" … and %d more", len(list)-listed)
			list = list[:listed]
		}
		a.view.Notef("passed over (%s): %s%s", why, strings.Join(list, ", "), more)
	}
}

// withPassed adds what was not taken, and what could not be looked into, to the answers of the files.
func withPassed(answers []fileDone, files ops.Chosen) []fileDone {
	for _, p := range files.Passed {
		status := "passed"
		if p.Done {
			status = "current"
		}
		answers = append(answers, fileDone{Path: state.PathText(p.Name), Status: status, Reason: p.Why})
	}
	for _, err := range files.Errors {
		answers = append(answers, fileDone{Status: "failed", Error: err.Error()})
	}
	return answers
}

// openStream opens what is read once.
func (a *app) openStream(name string) (in io.Reader, done func(), err error) {
	if name == "-" {
		return a.proc.Stdin, func() {}, nil
	}
	f, err := os.Open(a.path(name))
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", name, durable.Reason(err))
	}
	return f, func() { f.Close() }, nil
}
