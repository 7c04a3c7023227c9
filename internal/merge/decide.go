package merge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
)

// Side is whose part of a conflict is taken.
type Side string

// The sides of a merge.
const (
	Undecided  Side = ""
	SideOurs   Side = "ours"
	SideTheirs Side = "theirs"
)

// Decisions say whose value each contested place gets.
type Decisions struct {
	At   []Decision
	Rest Side // of every other conflict, also of one that is of no value (a comment, a name); Undecided = it stays one
}

// Decision is of a place, and of all below it.
type Decision struct {
	Place string // as Contested names it, or what stands around it: database.password, database, hosts[0]
	Side  Side
}

// side is the decision for a place; one for a place closer to it goes before one around that.
func (d Decisions) side(place string) Side {
	side, length := d.Rest, -1
	for _, at := range d.At {
		if at.holds(place) && len(at.Place) > length {
			side, length = at.Side, len(at.Place)
		}
	}
	return side
}

func (d Decision) holds(place string) bool {
	rest, ok := strings.CutPrefix(place, d.Place)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// UndecidedError says which conflicts no decision is of. It names no value.
type UndecidedError struct{ Places []string }

func (e *UndecidedError) Error() string { return "not decided yet: " + strings.Join(e.Places, ", ") }

// Decide merges three versions of a configuration file by their values, and takes for each contested one the side that is
// decided. The outcome has been read again: each of its values is what the three, or the decision, say of its place. base is "" where both sides made the file.
func Decide(f document.Format, base, ours, theirs string, d Decisions) (string, error) {
	var all [3]version
	for i, text := range []string{base, ours, theirs} {
		var err error
		if all[i], err = read(f, text); err != nil && (i > 0 || text != "") {
			return "", err
		}
	}
	places := contested(all[0], all[1], all[2])
	if err := d.check(places); err != nil {
		return "", err
	}
	var out strings.Builder
	for _, r := range regions(all[0].pieces, all[1].pieces, all[2].pieces) {
		for _, part := range r.split() {
			text, err := part.decided(places, d)
			if err != nil {
				return "", err
			}
			out.WriteString(text)
		}
	}
	merged, err := read(f, out.String())
	if err != nil || !merged.follows(all[0], all[1], all[2], d.side) {
		return "", errors.New("what was decided does not fit into one file")
	}
	return out.String(), nil
}

// check refuses decisions of what is not contested, and finds what none is of.
func (d Decisions) check(places []string) error {
	for n, at := range d.At {
		if !slices.ContainsFunc(places, at.holds) {
			return fmt.Errorf("%s is not contested; what is: %s", at.Place, strings.Join(places, ", "))
		}
		if slices.ContainsFunc(d.At[:n], func(b Decision) bool { return b.Place == at.Place && b.Side != at.Side }) {
			return fmt.Errorf("%s cannot be both ours and theirs", at.Place)
		}
	}
	var left []string
	for _, place := range places {
		if d.side(place) == Undecided {
			left = append(left, place)
		}
	}
	if len(left) > 0 {
		return &UndecidedError{left}
	}
	return nil
}

// split takes a region apart where all three have the same places in it, so that neighbours can be decided apart.
func (r region) split() []region {
	if len(r.base) != len(r.ours) || len(r.base) != len(r.theirs) {
		return []region{r}
	}
	var out []region
	for n := range r.base {
		if at := placeOf(r.base[n]); at != placeOf(r.ours[n]) || at != placeOf(r.theirs[n]) {
			return []region{r}
		}
		out = append(out, region{r.base[n : n+1], r.ours[n : n+1], r.theirs[n : n+1]})
	}
	return out
}

// placeOf is the place of a piece that is a value, else "".
func placeOf(piece string) string {
	rest, ok := strings.CutPrefix(piece, valueMark)
	if !ok {
		return ""
	}
	path, _, _ := strings.Cut(rest, valueMark)
	return path
}

// decided is the text of a region. The contested values in it have one side together.
func (r region) decided(places []string, d Decisions) (string, error) {
	c := r.chunk(shown)
	if !c.Conflict {
		return c.Text, nil
	}
	var here []string
	for _, piece := range slices.Concat(r.base, r.ours, r.theirs) {
		if at := placeOf(piece); slices.Contains(places, at) && !slices.Contains(here, at) {
			here = append(here, at)
		}
	}
	side := d.Rest
	for n, place := range here {
		if n > 0 && d.side(place) != side {
			return "", fmt.Errorf("%s and %s stand in one conflict and cannot be decided apart", here[0], place)
		}
		side = d.side(place)
	}
	switch side {
	case SideOurs:
		return c.Ours, nil
	case SideTheirs:
		return c.Theirs, nil
	}
	return "", &UndecidedError{[]string{"a comment, a name or white space that both sides changed"}}
}
