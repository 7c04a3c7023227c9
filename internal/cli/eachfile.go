package cli

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-multierror"

	"kmsplan.dev/kmsplan/internal/ops"
)

// listed bounds how many failures are spelled out: a quota that refuses seven hundred files says the same seven hundred times.
const listed = 20

// progressOf begins the progress line of the file at work; its result may be nil.
type progressOf func(verb string) func(done, total int64)

// eachFile works through files with the engine over the module's gateways, several at once, and goes on after a failure so
// that one bad file does not hide the others; the errors come together at the end. The first interrupt leaves the
// files that are not finished as they were. With -json the answer is what became of each file.
func (a *app) eachFile(ctx context.Context, v *variables, identityFiles, files []string, work func(context.Context, *ops.Engine, string, progressOf) (fileDone, error)) error {
	engine, done, err := a.openEngine(v, identityFiles...)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := a.interruptible(ctx)
	defer cancel()
	progress := a.term.NewFileProgress(a.now)
	answers := make([]fileDone, len(files))
	errs := ops.Each(ctx, indices(files), func(ctx context.Context, i int) error {
		defer progress.Done()
		name := files[i]
		done, err := work(ctx, engine, name, func(verb string) func(done, total int64) { return progress.Of(verb, name) })
		answers[i] = done.of(name, err)
		return err
	})
	a.view.Result(begun(answers, files))
	return failures(len(files), errs)
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
