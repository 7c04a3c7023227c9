package cli

import (
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/view"
)

// inspectCommand shows what envelopes say of themselves.
func (a *app) inspectCommand() *cobra.Command {
	var asJSON bool
	var choosing choosing
	c := &cobra.Command{
		Use: "inspect FILE.enc|DIR …", Short: "Show an envelope's key, version, context and size, without opening it", GroupID: groupFiles,
		Long: `Show what each envelope's header says: its KMS key and key version, encryption context, suite
and size. Nothing is called and nothing is proved: decrypt or verify proves. A dash reads
standard input.`,
		Args: needFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := a.chosen(&choosing, args, &variables{}, ops.Choice{Sealed: true, AnyName: true})
			if err != nil {
				return err
			}
			a.answerIn(asJSON)
			var all []view.Envelope
			var errs []error
			for _, name := range files.Files {
				h, size, err := a.inspect(name)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				all = append(all, inspected(name, h, size))
			}
			a.view.Inspect(all)
			a.tellPassed(files.Passed)
			return failures(len(files.Files)+len(files.Errors), append(errs, files.Errors...))
		},
	}
	choosing.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// inspect reads one envelope's header; - is standard input.
func (a *app) inspect(name string) (ops.Head, int64, error) {
	if isStream(name) {
		in, done, err := a.openStream(name)
		if err != nil {
			return ops.Head{}, 0, err
		}
		defer done()
		return ops.InspectStream(in)
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
