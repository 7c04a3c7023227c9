package view

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// part is one thing that a line about a batch may say.
type part struct {
	text   string
	weight int // the heaviest are said where there is no room for all
	sep    string
}

// line is the sentence in as many columns as there are: what weighs least is left out first.
func (b Batching) line(room int) string {
	var all []part
	say := func(weight int, sep, format string, args ...any) {
		all = append(all, part{fmt.Sprintf(format, args...), weight, sep})
	}
	r, t := b.Record, b.Record.Tally
	if of := r.Spec.Objects; of > 0 {
		say(4, " ", "%s", bar(t.Objects, of))
		say(2, ": ", "%s", r.Spec.Address)
		say(9, ", ", "%d %%", t.Objects*100/of)
		say(5, ", ", "%s/%s", grouped(t.Objects), grouped(of))
	}
	say(1, ", ", "%s", Bytes(t.Sent))
	if b.Now > 0 && b.Used > 0 {
		say(6, ", ", "%s/%s calls/s", rateWord(math.Round(b.Used)), rateWord(math.Round(b.Now)))
	}
	say(3, ", ", "%s", countWord(t.Calls, "call"))
	if t.Failed > 0 {
		say(7, ", ", "%s failed", grouped(t.Failed))
	}
	if r.Status != batch.Running {
		say(8, ", ", "%s", r.Status)
	} else if left := b.left(); left > 0 {
		say(8, ", ", "%s left", shortSpan(left))
	}
	return fitting(all, room)
}

// fitting joins the parts that there is room for, the heaviest first, in the order in which they stand.
func fitting(all []part, room int) string {
	byWeight := make([]int, len(all))
	for i := range byWeight {
		byWeight[i] = i
	}
	slices.SortFunc(byWeight, func(a, b int) int { return all[b].weight - all[a].weight })
	said := make([]bool, len(all))
	text := ""
	for _, i := range byWeight {
		said[i] = true
		if longer := joinedParts(all, said); columns(longer) <= room || text == "" {
			text = longer
		} else {
			said[i] = false
		}
	}
	return text
}

func joinedParts(all []part, said []bool) string {
	var b strings.Builder
	sep := ""
	for i, p := range all {
		if said[i] {
			b.WriteString(sep + p.text)
			sep = p.sep
		}
	}
	return b.String()
}

// bar is ten cells.
func bar(done, of int64) string {
	const cells = 10
	full := int(min(max(float64(done)/float64(of), 0), 1) * cells)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", cells-full) + "]"
}

// shortSpan is Span where there is little room: 2d7h, 3m20s.
func shortSpan(d time.Duration) string {
	words := strings.Fields(Span(d))
	if len(words)%2 != 0 { // less than a second
		return "<1s"
	}
	var b strings.Builder
	for i := 0; i < len(words); i += 2 {
		b.WriteString(words[i] + words[i+1][:1])
	}
	return b.String()
}
