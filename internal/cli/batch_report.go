package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	batchreport "kmsplan.dev/kmsplan/internal/batch/report"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// batchReportOptions are the flags of batch report.
type batchReportOptions struct {
	batchFlags
	out, format string
	objects     bool
}

func (a *app) batchReportCommand() *cobra.Command {
	var o batchReportOptions
	c := &cobra.Command{
		Use: "report ADDRESS", Short: "Write what became of a batch: its plan, counts, and the objects that failed", Args: cobra.ExactArgs(1),
		Long: `Write the report of the last batch of an address: as JSON lines (the batch with the digest of its plan, who planned it, when it
was created, started and ended, counts and under which key versions objects are; then each object that failed), as CSV
with the columns of S3 Batch Operations, every object a row, or as Markdown for a merge request. The same batch gives the
same report; its SHA-256 stands on standard error, and that of the JSON lines in the state once the batch is over.`,
		Example: `  kmsplan batch report batch.archive
  kmsplan batch report -format csv -out reports batch.archive
  kmsplan batch report -format markdown batch.archive`,
		RunE: func(c *cobra.Command, args []string) error { return a.batchReport(c.Context(), &o, args[0]) },
	}
	o.flags(c)
	f := c.Flags()
	f.StringVar(&o.out, "out", "", "write it to a file in `DIR` instead of standard output")
	f.StringVar(&o.format, "format", batchreport.JSONLines, "`FORMAT`: "+strings.Join(batchReports, ", "))
	f.BoolVar(&o.objects, "objects", false, "every object of the manifest, not only those that failed")
	return c
}

// batchReports are the forms; markdownReport is for people.
var batchReports = []string{batchreport.JSONLines, batchreport.CSV, markdownReport}

const markdownReport = "markdown"

// writeBatchReport writes one, and gives its SHA-256, hex.
func writeBatchReport(ctx context.Context, w io.Writer, q queue.Queue, r batch.Record, format string, objects bool) (string, error) {
	if format != markdownReport {
		return batchreport.Write(ctx, w, q, r.Spec.Address, format, objects)
	}
	digest, err := batchreport.Digest(ctx, q, r.Spec.Address)
	if err != nil {
		return "", err
	}
	var some []batch.Failure
	err = q.Failures(ctx, r.Spec.Address, func(f batch.Failure) error {
		if some = append(some, f); len(some) > view.MostFailures {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return "", err
	}
	sum := sha256.New()
	err = view.BatchMarkdown(io.MultiWriter(w, sum), r, some, digest)
	return hex.EncodeToString(sum.Sum(nil)), err
}

var errEnough = errors.New("enough of them")

func (a *app) batchReport(ctx context.Context, o *batchReportOptions, address string) error {
	switch {
	case !slices.Contains(batchReports, o.format):
		return usageError{fmt.Errorf("-format %q: write one of %s", o.format, strings.Join(batchReports, ", "))}
	case o.objects && o.format == markdownReport:
		return usageError{errors.New("-objects names every object, and -format markdown is short: take jsonl or csv")}
	}
	return a.withQueue(ctx, &o.batchFlags, address, func(_ *stack.Stack, b *stack.Batch, q queue.Queue) error {
		r, err := q.Record(ctx, b.Spec.Address)
		if err != nil {
			return asNone(err, b.Spec.Address)
		}
		if o.out == "" {
			digest, err := writeBatchReport(ctx, a.proc.Stdout, q, r, o.format, o.objects)
			if err == nil {
				a.term.Notef("the report's SHA-256 is %s", digest)
			}
			return err
		}
		return a.reportInto(ctx, o, q, r)
	})
}

// reportInto writes the report to a file, which is there whole or not at all.
func (a *app) reportInto(ctx context.Context, o *batchReportOptions, q queue.Queue, r batch.Record) (err error) {
	name := r.Spec.ID() + "." + strings.Replace(o.format, markdownReport, "md", 1)
	if err := a.outputPlaces(&o.vars)(filepath.Join(o.out, name)); err != nil {
		return err
	}
	if err := os.MkdirAll(a.path(o.out), 0o777); err != nil {
		return fmt.Errorf("make the directory of reports: %w", err)
	}
	dir, err := durable.Make(a.path(o.out), 0o700, nil)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	f, err := dir.Create(name, 0o600)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer f.Abort()
	digest, err := writeBatchReport(ctx, f, q, r, o.format, o.objects)
	if err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	a.term.Notef("the report is in %s, and its SHA-256 is %s", filepath.Join(o.out, name), digest)
	return nil
}
