package cli

import (
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/view"
)

// inspectCommand shows what envelopes say of themselves.
func (a *app) inspectCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "inspect FILE.enc …", Short: "Show an envelope's key, version, context and size, without opening it", GroupID: groupFiles,
		Long: `Show what each envelope's header says: its KMS key and key version, encryption context, suite
and size. Nothing is called and nothing is proved: decrypt or verify proves. A dash reads
standard input.`,
		Args: needFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			var all []view.Envelope
			var errs []error
			for _, name := range args {
				h, size, err := a.inspect(name)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				all = append(all, inspected(name, h, size))
			}
			a.view.Inspect(all)
			return failures(len(args), errs)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// inspect reads one envelope's header; - is standard input.
func (a *app) inspect(name string) (ops.Head, int64, error) {
	if name == "-" {
		return ops.InspectStream(a.proc.Stdin)
	}
	return ops.Inspect(a.path(name))
}

// inspected tells of an envelope or a document.
func inspected(name string, h ops.Head, size int64) view.Envelope {
	e := view.EnvelopeOf(name, h.Header, size)
	if d := h.Document; d != nil {
		e.Format, e.Values, e.PlainBytes = "kmsplan.dev/document/v1", d.Format, -1
		e.Only, e.Except = d.Rules.Only, d.Rules.Except
	}
	return e
}
