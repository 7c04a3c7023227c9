package batch

import (
	"iter"
	"strconv"
	"strings"
)

// Outcomes say what became of each entry of a chunk, in the manifest's order, in a few bytes: a letter an outcome, before it
// how many in a row where there are more than one: "998wfa".
type Outcomes string

// letters are part of ledgers that are kept.
var letters = map[Outcome]byte{Written: 'w', Already: 'a', Newer: 'n', Opened: 'o', Gone: 'g', Failed: 'f'}

// With adds what became of the next entries.
func (o Outcomes) With(results []Result) Outcomes {
	last, n := byte(0), 0
	text := string(o)
	if text != "" { // go on with the last run
		last, text = text[len(text)-1], text[:len(text)-1]
		head := strings.TrimRight(text, "0123456789")
		if n, _ = strconv.Atoi(text[len(head):]); n == 0 {
			n = 1
		}
		text = head
	}
	var b strings.Builder
	b.WriteString(text)
	run := func() {
		if n > 1 {
			b.WriteString(strconv.Itoa(n))
		}
		if n > 0 {
			b.WriteByte(last)
		}
	}
	for _, r := range results {
		if l := letters[r.Outcome]; l != last {
			run()
			last, n = l, 0
		}
		n++
	}
	run()
	return Outcomes(b.String())
}

// All are the outcomes, one an entry. It ends where the text is none of With's.
func (o Outcomes) All() iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		n := 0
		for _, c := range []byte(o) {
			if c >= '0' && c <= '9' {
				n = min(n*10+int(c-'0'), 1<<30)
				continue
			}
			of, ok := outcomeOf(c)
			if !ok {
				return
			}
			for range max(n, 1) {
				if !yield(of) {
					return
				}
			}
			n = 0
		}
	}
}

func outcomeOf(letter byte) (Outcome, bool) {
	for o, l := range letters {
		if l == letter {
			return o, true
		}
	}
	return "", false
}
