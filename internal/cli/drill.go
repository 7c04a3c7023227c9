package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// drillCommand opens files without KMS, to know that it can be done.
func (a *app) drillCommand() *cobra.Command {
	var vars variables
	var sample int
	var asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "drill -identity FILE", Short: "Open a sample of the encrypted files by break-glass identities alone", GroupID: groupCare, Args: cobra.NoArgs,
		Long: `Draw a sample of the census's files that have age recipients, and open each to its last byte with the identities
alone: no KMS is asked, and no plaintext is written. That the identity from the safe still opens the files of today is
known by trying only. The state records when that was and what came of it, and lint -state warns when it is more than
90 days ago. (A state that is sealed is opened and stored as ever, by KMS.)

Exit codes: 0 every file of the sample was opened; 1 one was not, or there is none that an identity could open.`,
		Example: `  kmsplan drill -identity /media/safe/break-glass.txt -sample 20`,
		RunE: func(c *cobra.Command, _ []string) error {
			if len(a.identities) == 0 {
				return usageError{errors.New("-identity is required: the file with the age identity from the safe")}
			}
			if sample < 0 {
				return usageError{errors.New("-sample is a number of files; 0 takes all")}
			}
			a.answerIn(asJSON)
			identities, err := a.ageIdentities(a.identities)
			if err != nil {
				return err
			}
			return a.withState(&vars, lockTimeout, func(stored *stack.Stored) error {
				return a.drill(c.Context(), stored, identities, sample)
			})
		},
	}
	vars.flags(c)
	repeated(c.Flags(), &a.identities, "identity", "an age identity `FILE`, for break-glass; repeatable (required)")
	c.Flags().IntVar(&sample, "sample", 10, "how many files; 0 = all")
	jsonFlag(c, &asJSON)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

// drillAnswer is the document of drill.
type drillAnswer struct {
	At      time.Time        `json:"at"`
	Of      int              `json:"of"`
	Without int              `json:"without_recipients"`
	Lost    int              `json:"missing"`
	Opened  []state.PathText `json:"opened"`
	Failed  []drillFailure   `json:"failed"`
}

type drillFailure struct {
	Path  state.PathText `json:"path"`
	Error string         `json:"error"`
}

func (a *app) drill(ctx context.Context, stored *stack.Stored, identities []envelope.Identity, sample int) error {
	st, err := stored.Remembered(ctx)
	if err != nil {
		return err
	}
	done, err := census.Drill(ctx, stored.Dir(), census.Look(ctx, stored.Dir(), st.Files), identities, sample)
	if err != nil {
		return err
	}
	if done.Of == 0 {
		return withHint(fmt.Errorf("no file of the census has a recipient for break-glass: %d are opened by KMS alone, and %d are not there", done.Without, done.Lost),
			`Write recipients = ["age1…"] in the data "encrypt" blocks, and run them; kmsplan status shows the census.`)
	}
	answer := drillAnswer{At: a.now().UTC().Truncate(time.Second), Of: done.Of, Without: done.Without, Lost: done.Lost, Opened: []state.PathText{}, Failed: []drillFailure{}}
	for _, path := range done.Opened {
		answer.Opened = append(answer.Opened, state.PathText(path))
	}
	var errs []error
	for _, f := range done.Failed {
		answer.Failed = append(answer.Failed, drillFailure{state.PathText(f.Path), f.Err.Error()})
		errs = append(errs, f.Err)
	}
	err = stored.EditCensus(ctx, "drill", func(now state.State) (state.State, error) {
		now.Drill = &state.Drill{At: answer.At, Opened: len(answer.Opened), Failed: len(answer.Failed), Of: answer.Of}
		return now, nil
	})
	if err != nil {
		return err
	}
	a.view.Result(answer, drillLines(answer)...)
	return failures(len(answer.Opened)+len(answer.Failed), errs)
}

func drillLines(d drillAnswer) (lines []string) {
	for _, path := range d.Opened {
		lines = append(lines, pathWord(string(path))+": opened")
	}
	for _, f := range d.Failed {
		lines = append(lines, pathWord(string(f.Path))+": not opened")
	}
	if d.Without > 0 {
		lines = append(lines, countOf(d.Without, "file")+" without recipients: KMS alone opens them.")
	}
	if d.Lost > 0 {
		lines = append(lines, countOf(d.Lost, "file")+" of the census not there.")
	}
	return append(lines, fmt.Sprintf("Drill: %d of %d opened without KMS, out of %s with recipients.", len(d.Opened), len(d.Opened)+len(d.Failed), countOf(d.Of, "file")))
}
