package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/stack"
)

// batchStatus is a batch as status shows it.
type batchStatus struct {
	batch.Record
	Now   float64 `json:"calls_per_second_now"` // as the shared bucket allows it; 0 = nobody works
	alone string  // that nobody works on it
}

func (a *app) batchStatusCommand() *cobra.Command {
	var o batchFlags
	var asJSON bool
	c := &cobra.Command{
		Use: "status [ADDRESS]", Short: "Show what the module's batches are doing", Args: cobra.MaximumNArgs(1),
		Long: "Show what the last batch of each address, or of one, is doing: how far it is, what failed, its rate, and who works on it.",
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			list := []batchStatus{}
			err := a.records(c.Context(), &o, args, func(b *stack.Batch, r batch.Record, q queue.Queue) {
				list = append(list, batchStatus{r, rateOf(c.Context(), q, r), unattended(b, r)})
			})
			if err != nil {
				return err
			}
			if len(args) > 0 {
				a.view.Result(list[0], batchLines(list[0])...)
				return nil
			}
			if len(list) == 0 && !asJSON {
				a.view.Result(list, "No batch of this module was started yet.")
				return nil
			}
			a.view.Table(list, []string{"ADDRESS", "STATUS", "OBJECTS", "FAILED", "CALLS", "REASON"}, batchRows(list))
			return nil
		},
	}
	o.flags(c)
	jsonFlag(c, &asJSON)
	return c
}

func batchRows(list []batchStatus) (rows [][]string) {
	for _, s := range list {
		rows = append(rows, []string{
			s.Spec.Address, string(s.Status), fmt.Sprintf("%d of %d", s.Tally.Objects, s.Spec.Objects), strconv.FormatInt(s.Tally.Failed, 10), strconv.FormatInt(s.Tally.Calls, 10), cmp.Or(s.Reason, s.alone),
		})
	}
	return rows
}

func batchLines(s batchStatus) []string {
	lines := append(endLines(s.Record)[:1],
		fmt.Sprintf("  action    %s of %s", s.Spec.Action, s.Spec.Source),
		fmt.Sprintf("  planned   %s by %s", s.Spec.Planned.Format(time.RFC3339), s.Spec.Operator),
		fmt.Sprintf("  chunks    %d waiting, %d running, %d done", s.Chunks.Waiting, s.Chunks.Running, s.Chunks.Done),
		"  rate      "+rateWords(s.Rate, s.Now),
		"  manifest  "+s.Spec.Manifest)
	if s.alone != "" {
		lines = append(lines, "  note      "+s.alone)
	}
	for _, u := range s.Tally.Under {
		lines = append(lines, fmt.Sprintf("  now       %d under key %s, version %s (%d opened)", u.Objects, u.KeyID, u.KeyVersion, u.Proved))
	}
	for _, w := range s.Workers {
		lines = append(lines, fmt.Sprintf("  worker    %s on chunk %d, seen %s", w.Name, w.Chunk, w.Seen.UTC().Format(time.RFC3339)))
	}
	return lines
}

func rateWords(r batch.Rate, now float64) string {
	text := "the gateway's quota times " + strconv.FormatFloat(batch.DefaultShare, 'g', -1, 64)
	if r.Share > 0 {
		text = "the gateway's quota times " + strconv.FormatFloat(r.Share, 'g', -1, 64)
	}
	if r.CallsPerSecond > 0 {
		text = "at most " + strconv.FormatFloat(r.CallsPerSecond, 'g', -1, 64) + " calls a second"
	}
	if now > 0 {
		text += ", " + strconv.FormatFloat(now, 'f', 0, 64) + " a second now"
	}
	return text
}
