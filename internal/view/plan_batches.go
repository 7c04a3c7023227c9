package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// batches lists the batches that wait, each with the command that plans it: no plan runs one.
func (r planText) batches(list []plan.Batch) {
	for _, b := range list {
		if b.MovedFrom.Kind != "" {
			r.printf("\n  # %s has moved from %s\n", paint(r.color, bold, b.Addr.String()), b.MovedFrom)
		}
	}
	for i, b := range waitingBatches(list) {
		if i == 0 {
			r.printf("\nBatches that wait, which no plan runs:\n")
		}
		r.printf("  %s\n", neutral(batchWords(b)))
	}
}

func batchWords(b plan.Batch) string {
	return fmt.Sprintf("%s  %s of %s: %s. %s", b.Addr, b.Action, b.Source, b.Waits, b.Command())
}

func waitingBatches(list []plan.Batch) (out []plan.Batch) {
	for _, b := range list {
		if b.Waits != "" {
			out = append(out, b)
		}
	}
	return out
}

func batchesJSON(list []plan.Batch) []any {
	out := []any{}
	for _, b := range list {
		entry := map[string]any{"address": b.Addr.String(), "action": b.Action, "source": b.Source}
		if b.Waits != "" {
			entry["waits"], entry["command"] = b.Waits, b.Command()
		}
		if b.MovedFrom.Kind != "" {
			entry["previous_address"] = b.MovedFrom.String()
		}
		out = append(out, entry)
	}
	return out
}
