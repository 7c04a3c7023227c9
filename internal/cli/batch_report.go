package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	batchreport "kmsplan.dev/kmsplan/internal/batch/report"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/stack"
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
was created, started and ended, counts and under which key versions objects are; then each object that failed), or as CSV
with the columns of S3 Batch Operations, every object a row. The same batch gives the same report; its SHA-256 stands on
standard error, and in the state once the batch is over.`,
		Example: `  kmsplan batch report batch.archive
  kmsplan batch report -format csv -out reports batch.archive`,
		RunE: func(c *cobra.Command, args []string) error { return a.batchReport(c.Context(), &o, args[0]) },
	}
	o.flags(c)
	f := c.Flags()
	f.StringVar(&o.out, "out", "", "write it to a file in `DIR` instead of standard output")
	f.StringVar(&o.format, "format", batchreport.JSONLines, "`FORMAT`: jsonl or csv")
	f.BoolVar(&o.objects, "objects", false, "every object of the manifest, not only those that failed")
	return c
}

func (a *app) batchReport(ctx context.Context, o *batchReportOptions, address string) error {
	if o.format != batchreport.JSONLines && o.format != batchreport.CSV {
		return usageError{fmt.Errorf("-format %q: write jsonl or csv", o.format)}
	}
	return a.withQueue(ctx, &o.batchFlags, address, func(_ *stack.Stack, b *stack.Batch, q queue.Queue) error {
		r, err := q.Record(ctx, b.Spec.Address)
		if err != nil {
			return asNone(err, b.Spec.Address)
		}
		if o.out == "" {
			digest, err := batchreport.Write(ctx, a.proc.Stdout, q, b.Spec.Address, o.format, o.objects)
			if err == nil {
				a.term.Notef("the report's SHA-256 is %s", digest)
			}
			return err
		}
		return a.reportInto(ctx, o, q, b.Spec.Address, r.Spec.ID()+"."+o.format)
	})
}

// reportInto writes the report to a file, which is there whole or not at all.
func (a *app) reportInto(ctx context.Context, o *batchReportOptions, q queue.Queue, address, name string) (err error) {
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
	digest, err := batchreport.Write(ctx, f, q, address, o.format, o.objects)
	if err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	a.term.Notef("the report is in %s, and its SHA-256 is %s", filepath.Join(o.out, name), digest)
	return nil
}
