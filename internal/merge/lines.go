package merge

import (
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Chunk is a part of a merged text: what both sides agree upon, or a conflict.
type Chunk struct {
	Text               string // merged
	Conflict           bool   // then Text is empty, and these are what each side says
	Base, Ours, Theirs string
}

// Result is a merged text in its order.
type Result []Chunk

// Clean reports whether there is no conflict.
func (r Result) Clean() bool { return r.Conflicts() == 0 }

// Conflicts is how many there are.
func (r Result) Conflicts() (n int) {
	for _, c := range r {
		if c.Conflict {
			n++
		}
	}
	return n
}

// Take gives the text with one side of each conflict.
func (r Result) Take(choose func(Chunk) string) string {
	var b strings.Builder
	for _, c := range r {
		if c.Conflict {
			b.WriteString(choose(c))
		} else {
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

// Ours and Theirs are for Take.
func Ours(c Chunk) string { return c.Ours }

// Theirs is the side that is merged in.
func Theirs(c Chunk) string { return c.Theirs }

// The lines that stand around conflicts, as git writes them.
const (
	markOurs   = "<<<<<<< ours"
	markBase   = "||||||| base"
	markMiddle = "======="
	markTheirs = ">>>>>>> theirs"
)

// Marked is a conflict with both sides and the base between marks. It is for eyes: plaintext of a conflict gets into no
// file.
func Marked(c Chunk) string {
	return markOurs + "\n" + ended(c.Ours) + markBase + "\n" + ended(c.Base) + markMiddle + "\n" + ended(c.Theirs) + markTheirs + "\n"
}

// Around puts two whole texts between marks.
func Around(ours, theirs []byte) []byte {
	return []byte(markOurs + "\n" + ended(string(ours)) + markMiddle + "\n" + ended(string(theirs)) + markTheirs + "\n")
}

// HasMarks reports whether a line of a text is one that stands around conflicts.
func HasMarks(text string) bool {
	for line := range strings.Lines(text) {
		switch strings.TrimRight(line, "\r\n") {
		case markOurs, markBase, markTheirs:
			return true
		}
	}
	return false
}

// ended is a text whose last line has its end.
func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// Lines merges line by line. Changes that touch each other are conflicts, unless they are equal.
func Lines(base, ours, theirs string) Result {
	return pieces(split(base), split(ours), split(theirs), func(s string) string { return s })
}

func split(text string) []string {
	return slices.Collect(strings.Lines(text))
}

// pieces merges sequences of pieces: what stands in all three alike divides them into regions, and a region that only
// one side changed is that side's. show gives the text of a piece.
func pieces(base, ours, theirs []string, show func(string) string) Result {
	var out Result
	for _, r := range regions(base, ours, theirs) {
		out.add(r.chunk(show))
	}
	return out
}

// region is a part of three versions, in pieces: one that all have alike, or what stands between two of those.
type region struct{ base, ours, theirs []string }

func regions(base, ours, theirs []string) (out []region) {
	inOurs, inTheirs := matches(base, ours), matches(base, theirs)
	o, a, b := 0, 0, 0
	for o < len(base) || a < len(ours) || b < len(theirs) {
		if o < len(base) && inOurs[o] == a && inTheirs[o] == b {
			same := base[o : o+1]
			out = append(out, region{same, same, same})
			o, a, b = o+1, a+1, b+1
			continue
		}
		next := o
		for next < len(base) && (inOurs[next] < 0 || inTheirs[next] < 0) {
			next++
		}
		untilA, untilB := len(ours), len(theirs)
		if next < len(base) {
			untilA, untilB = inOurs[next], inTheirs[next]
		}
		out = append(out, region{base[o:next], ours[a:untilA], theirs[b:untilB]})
		o, a, b = next, untilA, untilB
	}
	return out
}

// chunk decides a region by who changed it.
func (r region) chunk(show func(string) string) Chunk {
	text := func(list []string) string {
		var b strings.Builder
		for _, s := range list {
			b.WriteString(show(s))
		}
		return b.String()
	}
	switch {
	case slices.Equal(r.ours, r.theirs), slices.Equal(r.base, r.theirs):
		return Chunk{Text: text(r.ours)}
	case slices.Equal(r.base, r.ours):
		return Chunk{Text: text(r.theirs)}
	}
	return Chunk{Conflict: true, Base: text(r.base), Ours: text(r.ours), Theirs: text(r.theirs)}
}

// add appends a chunk, to the last one where neither is a conflict.
func (r *Result) add(c Chunk) {
	if n := len(*r); n > 0 && !c.Conflict && !(*r)[n-1].Conflict {
		(*r)[n-1].Text += c.Text
		return
	}
	*r = append(*r, c)
}

// maxWork bounds what matching may cost, pairs of equal pieces; what is left of a longer text counts as changed.
const maxWork = 20_000_000

// matches says of each piece of base where it stands in other, -1 = nowhere; the places rise.
func matches(base, other []string) []int {
	at := make([]int, len(base))
	for i := range at {
		at[i] = -1
	}
	head := 0
	for head < len(base) && head < len(other) && base[head] == other[head] {
		at[head] = head
		head++
	}
	tail := 0
	for tail < len(base)-head && tail < len(other)-head && base[len(base)-1-tail] == other[len(other)-1-tail] {
		tail++
		at[len(base)-tail] = len(other) - tail
	}
	x, y := base[head:len(base)-tail], other[head:len(other)-tail]
	if work(x, y) > maxWork {
		return at
	}
	for _, m := range difflib.NewMatcherWithJunk(x, y, false, nil).GetMatchingBlocks() {
		for i := range m.Size {
			at[head+m.A+i] = head + m.B + i
		}
	}
	return at
}

// work is how many pairs of equal pieces there are.
func work(x, y []string) int {
	count := map[string]int{}
	for _, s := range y {
		count[s]++
	}
	n := 0
	for _, s := range x {
		n += count[s]
	}
	return n
}
