package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// movedBatches and forgottenBatches are what the state gets to know about batches.
func (r planText) movedBatches(list []plan.Batch) {
	for _, b := range list {
		if b.MovedFrom.Kind != "" {
			r.printf("  # %s has moved from %s\n\n", paint(r.color, bold, b.Addr.String()), b.MovedFrom)
		}
	}
}

func (r planText) forgottenBatches(list []plan.Batch) {
	for _, b := range list {
		if b.Forgets != "" {
			r.printf("  # %s will be forgotten\n  # (%s)\n\n", paint(r.color, bold, b.Addr.String()), neutral(b.Forgets))
		}
	}
}

// batches lists the batches that the plan starts, and those that wait, each with the command that plans it.
func (r planText) batches(list []plan.Batch) {
	var starts []plan.Batch
	for _, b := range list {
		if b.Starts {
			starts = append(starts, b)
		}
	}
	r.batchLines("Batches that apply starts, once all else is done:", starts, startWords)
	r.waitingBatches(list)
}

func (r planText) waitingBatches(list []plan.Batch) {
	r.batchLines("Batches that wait, which no plan runs:", waitingBatches(list), batchWords)
}

func (r planText) batchLines(head string, list []plan.Batch, words func(plan.Batch) string) {
	if len(list) > 0 {
		r.printf("\n%s\n", head)
	}
	for _, b := range list {
		r.printf("  %s\n", neutral(words(b)))
	}
}

// Waiting names the batches that wait after a saved plan was carried out: the plan was shown to somebody else.
func (t *Terminal) Waiting(list []plan.Batch) {
	planText{w: t.people(), color: t.Color, width: t.Width}.waitingBatches(list)
}

func batchWords(b plan.Batch) string {
	return fmt.Sprintf("%s  %s of %s: %s. %s", b.Addr, b.Action, b.Source, b.Waits, b.Command())
}

func startWords(b plan.Batch) string {
	return fmt.Sprintf("%s  %s of %s: %s. What it takes is known once its objects are listed; %s lists them.", b.Addr, b.Action, b.Source, b.Waits, b.Command())
}

func waitingBatches(list []plan.Batch) (out []plan.Batch) {
	for _, b := range list {
		if b.Waits != "" && !b.Starts {
			out = append(out, b)
		}
	}
	return out
}

// batches writes a line for each batch.
func (l *Lines) batches(list []plan.Batch) {
	for _, b := range list {
		var text string
		switch {
		case b.Starts:
			text = "starts: " + b.Waits
		case b.Forgets != "":
			text = "will be forgotten: " + b.Forgets
		case b.Waits != "":
			text = "waits: " + b.Waits
		default:
			text = "has moved from " + b.MovedFrom.String()
		}
		l.emit("info", "batch_due", b.Addr.String()+": "+text, map[string]any{"batch": batchJSON(b)})
	}
}

func batchesJSON(list []plan.Batch) []any {
	out := []any{}
	for _, b := range list {
		out = append(out, batchJSON(b))
	}
	return out
}

func batchJSON(b plan.Batch) map[string]any {
	entry := map[string]any{"address": b.Addr.String(), "action": b.Action, "source": b.Source, "starts": b.Starts}
	if b.Waits != "" {
		entry["waits"], entry["command"] = b.Waits, b.Command()
	}
	if b.Forgets != "" {
		entry["forgets"] = b.Forgets
	}
	if b.MovedFrom.Kind != "" {
		entry["previous_address"] = b.MovedFrom.String()
	}
	return entry
}
