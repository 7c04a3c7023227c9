package suggest

import "strings"

// A suggestion is looked for among so many names, and for a name of so many bytes, at most: a
// thousand wrong references in a huge module must not take minutes to report.
const (
	maxNames  = 1000
	maxLength = 256
)

// Nearest returns the one of names that given was probably meant to be, ignoring case, or "" when
// none is near. Of equally near ones it returns the first.
//
// One slip (a letter more, less, other, or two exchanged) is always near; two are for names of
// five letters and more, and one more for every five letters, but then the first letter must be
// right: people rarely miss it, and "rotate" is not a misspelt "state".
func Nearest(given string, names []string) string {
	if len(names) > maxNames || len(given) > maxLength {
		return ""
	}
	word := []rune(strings.ToLower(given))
	best, allowed := "", min(1+len(word)/5, len(word)-1)
	for _, name := range names {
		other := []rune(strings.ToLower(name))
		if len(other) == 0 || len(other)-len(word) > allowed || len(word)-len(other) > allowed {
			continue
		}
		d := slips(word, other)
		if d <= allowed && (d < 2 || word[0] == other[0]) {
			best, allowed = name, d-1
		}
	}
	return best
}

// Clause is "; did you mean NAME?" for the nearest of names, or "": what an error appends.
func Clause(given string, names []string) string {
	if best := Nearest(given, names); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// slips counts the letters to insert, delete, replace or exchange with their neighbour that make b
// of a (optimal string alignment).
func slips(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
