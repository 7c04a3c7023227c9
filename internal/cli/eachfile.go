package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"

	"kmsplan.dev/kmsplan/internal/ops"
)

// listed bounds how many failures are spelled out: a quota that refuses seven hundred files says the same seven hundred times.
const listed = 20

// eachFile works through files with the engine over the module's gateways, several at once, and goes on after a failure so
// that one bad file does not hide the others; the errors come together at the end. The first interrupt leaves the
// files that are not finished as they were. With -json the answer is what became of each file.
func (a *app) eachFile(ctx context.Context, v *variables, identityFiles []string, chosen ops.Chosen, work func(context.Context, *ops.Engine, string, progressOf) (fileDone, error)) error {
	if len(chosen.Files) == 0 {
		return a.told(nil, chosen, nil)
	}
	engine, done, err := a.openEngine(v, identityFiles...)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := a.interruptible(ctx)
	defer cancel()
	files := chosen.Files
	progress := a.watchFiles(files)
	answers := make([]fileDone, len(files))
	errs := ops.Each(ctx, indices(files), func(ctx context.Context, i int) error {
		defer progress.ended(i)
		name := files[i]
		done, err := work(ctx, engine, name, progress.of(i))
		answers[i] = done.of(name, err)
		return err
	})
	progress.over()
	return a.told(begun(answers, files), chosen, errs)
}

// told says what became of the files, and of what was found beside them.
func (a *app) told(answers []fileDone, chosen ops.Chosen, errs []error) error {
	a.view.Result(withPassed(answers, chosen))
	a.tellPassed(chosen.Passed)
	a.summarise(answers, chosen)
	return failures(len(answers)+len(chosen.Errors), append(errs, chosen.Errors...))
}

// summarise counts, where there was more than one file to look at.
func (a *app) summarise(answers []fileDone, chosen ops.Chosen) {
	if len(answers)+len(chosen.Passed) < 2 {
		return
	}
	counts := map[string]int{}
	for _, d := range answers {
		counts[d.Status]++
	}
	for _, p := range chosen.Passed {
		if p.Done {
			counts["current"]++
		} else {
			counts["passed"]++
		}
	}
	var parts []string
	for _, of := range []struct{ status, said string }{
		{"encrypted", "encrypted"}, {"decrypted", "decrypted"}, {"rewrapped", "rewrapped"}, {"reencrypted", "reencrypted"}, {"good", "good"},
		{"current", "done already"}, {"passed", "passed over"}, {"failed", "failed"}, {"not_begun", "not begun"},
	} {
		if n := counts[of.status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, of.said))
		}
	}
	a.view.Notef("%d files: %s", len(answers)+len(chosen.Passed), strings.Join(parts, ", "))
}

// failures is one error of those that some of n files had.
func failures(n int, errs []error) error {
	if len(errs) < 2 {
		return oneOf(n, errs)
	}
	all := &multierror.Error{Errors: errs}
	all.ErrorFormat = func(list []error) string {
		text := fmt.Sprintf("%d of %d files failed:", len(list), n)
		for i, err := range list {
			if i == listed {
				return text + fmt.Sprintf("\n  … and %d more", len(list)-i)
			}
			text += "\n  " + err.Error()
		}
		return text
	}
	return all
}

// oneOf is the single failure among files, or nil.
func oneOf(files int, errs []error) error {
	switch {
	case len(errs) == 0:
		return nil
	case files == 1:
		return errs[0]
	}
	return fmt.Errorf("1 of %d files failed: %w", files, errs[0])
}
