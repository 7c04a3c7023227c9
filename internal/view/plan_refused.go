package view

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/plan"
)

// planWarnings prints what the user should know and apply will not refuse.
func (t *Terminal) planWarnings(warnings []plan.Warning) {
	for _, w := range warnings {
		if t.CompactWarnings {
			t.compactWarning(w.Summary, addressOrEmpty(w.Addr))
			continue
		}
		text := paint(t.Color, yellow, paint(t.Color, bold, "Warning: ")) + paint(t.Color, bold, neutral(w.Summary)) + "\n"
		if w.Addr.Kind != "" {
			text += "\n  with " + w.Addr.String() + "\n"
		}
		if w.Detail != "" {
			text += "\n" + wrap(neutral(w.Detail), t.Width-2) + "\n"
		}
		t.tell("%s", frame(text, yellow, t.Color))
	}
}

// Refusals prints every guard that fired, with its ways forward.
func (t *Terminal) Refusals(refusals []plan.Refusal) {
	for _, f := range refusals {
		var b strings.Builder
		fmt.Fprintf(&b, "%s%s\n\n", paint(t.ErrColor, red, paint(t.ErrColor, bold, "Error: ")), paint(t.ErrColor, bold, "Refused by guard "+f.Guard))
		if f.Addr.Kind != "" {
			fmt.Fprintf(&b, "  with %s\n\n", f.Addr)
		}
		fmt.Fprintf(&b, "%s\n", wrap(neutral(f.Reason), t.Width-2))
		if len(f.WaysForward) > 0 {
			b.WriteString("\nWays forward:\n")
			for i, way := range f.WaysForward {
				fmt.Fprintf(&b, "  %d. %s\n", i+1, strings.ReplaceAll(wrap(neutral(strings.TrimRight(way, "\n")), t.Width-7), "\n", "\n     "))
			}
		}
		fmt.Fprint(t.beside(), frame(b.String(), red, t.ErrColor))
	}
}
