package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// formHuman and formJSON are the forms that are no reports: they are told while the command works.
const (
	formHuman = "human"
	formJSON  = "json"
)

// formFlags are -format and -report of commands that have an answer for other programs.
type formFlags struct {
	command string
	format  string
	reports []string
}

// flags adds them.
func (f *formFlags) flags(c *cobra.Command, command string) {
	f.command = command
	c.Flags().StringVar(&f.format, "format", formHuman, "print the answer in a `FORM`: "+strings.Join(f.forms(), ", "))
	repeated(c.Flags(), &f.reports, "report", "also write the answer to a file, `FORM=FILE`; repeatable")
}

// forms are the words of -format.
func (f *formFlags) forms() []string {
	return append([]string{formHuman, formJSON}, view.FormsOf(f.command)...)
}

// report is a report that is written when the command ends.
type report struct {
	form view.Form
	told *view.Told
	file string // "" = standard output
}

// openForms makes the views of a command's reports: what stands in for people on standard output, which is nil for
// -format human and json, and those beside it.
func (a *app) openForms(f *formFlags) (instead view.View, beside []view.View, err error) {
	if !slices.Contains(f.forms(), f.format) {
		return nil, nil, usageError{fmt.Errorf("-format: there is no form %q%s",
			f.format, cmp.Or(suggest.Clause(f.format, f.forms()), "; the forms of "+f.command+" are "+strings.Join(f.forms(), ", ")))}
	}
	if form, ok := view.LookupForm(f.format, f.command); ok {
		told := a.addReport(form, f.command, "")
		instead = view.New(view.NewTalk(a.term), told)
		if form.Name == view.FormGitHub {
			instead = view.New(a.term, told)
			a.muteCommands()
		}
	}
	for _, text := range f.reports {
		name, file, ok := strings.Cut(text, "=")
		form, known := view.LookupForm(name, f.command)
		if !ok || file == "" || !known {
			return nil, nil, usageError{fmt.Errorf("-report=%s: write FORM=FILE, where FORM is one of %s", text, strings.Join(view.FormsOf(f.command), ", "))}
		}
		if err := a.reportPlace(file); err != nil {
			return nil, nil, fmt.Errorf("-report=%s: %w", text, err)
		}
		beside = append(beside, a.addReport(form, f.command, file))
	}
	return instead, beside, nil
}

// openReports is openViews for a command that has reports too.
func (a *app) openReports(stream streamFlags, f *formFlags) error {
	if stream.json && f.format != formHuman {
		return usageError{fmt.Errorf("-json and -format=%s both say what is printed; leave one out", f.format)}
	}
	stream.json = stream.json || f.format == formJSON
	first, into, err := a.streams(stream)
	if err != nil {
		return err
	}
	instead, beside, err := a.openForms(f)
	if err != nil {
		return err
	}
	if instead != nil {
		first = instead
	}
	a.view = view.New(append([]view.View{first, into}, beside...)...)
	return nil
}

// addReport begins a report.
func (a *app) addReport(form view.Form, command, file string) view.View {
	prefix, stack := a.whereabouts()
	told := &view.Told{About: view.About{Version: version.Number, Command: command, Prefix: prefix, Stack: stack}}
	a.reports = append(a.reports, report{form, told, file})
	return told
}

// reportPlace is where a report may be written: over what is nobody's, and over nothing that another flag names.
func (a *app) reportPlace(file string) error {
	if err := a.apart("-report", file); err != nil {
		return err
	}
	if info, err := os.Lstat(a.path(file)); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file; name another", file)
	}
	return a.outputPlaces(&variables{})(file)
}

// writeReports writes what the reports were told. What could not be written is an error of the command.
func (a *app) writeReports(code int) int {
	var lost error
	for _, r := range a.reports {
		doc, err := r.form.Render(r.told)
		if r.form.Name == view.FormGitHub && r.file == "" {
			lost = errors.Join(lost, a.writeGitHub(r.told))
		}
		switch {
		case err != nil:
			err = fmt.Errorf("make the %s report: %w", r.form.Name, err)
		case r.file != "":
			if err = durable.WriteFile(a.path(r.file), doc, 0o600); err != nil {
				err = fmt.Errorf("write the %s report: %w", r.form.Name, err)
			}
		default:
			if _, err = a.proc.Stdout.Write(doc); err != nil {
				err = fmt.Errorf("write the %s report to standard output: %w", r.form.Name, err)
			}
		}
		lost = errors.Join(lost, err)
	}
	if lost == nil {
		return code
	}
	a.term.Error("kmsplan could not finish", lost)
	return gravest(code, exitError)
}

// whereabouts are how the module's directory is named from the top of its repository, and a name for the stack: forges
// know files from there, wherever the command runs.
func (a *app) whereabouts() (prefix, stack string) {
	dir, err := a.dir()
	if err != nil {
		return "", ""
	}
	_, below, ok := lint.WorkTree(dir, a.getenv("GITHUB_WORKSPACE"))
	switch {
	case !ok:
		return relativeTo(dir), filepath.Base(dir)
	case below == ".":
		return "", filepath.Base(dir)
	}
	return below, below
}

// relativeTo is the directory from where the command runs, "" where it is there or elsewhere.
func relativeTo(dir string) string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(here, dir)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}
