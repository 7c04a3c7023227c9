package merge

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
)

// Values merges three versions of a configuration file by its values: two that stand side by side may change, one on
// each side. Where there is no conflict the result has been read again, and each of its values is what the three say
// of that place. It gives an error where the file is not of that form; Lines still merges it then.
func Values(f document.Format, base, ours, theirs string) (Result, error) {
	var all [3]version
	for i, text := range []string{base, ours, theirs} {
		var err error
		if all[i], err = read(f, text); err != nil {
			return nil, err
		}
	}
	out := pieces(all[0].pieces, all[1].pieces, all[2].pieces, shown)
	if !out.Clean() {
		return out, nil
	}
	merged, err := read(f, out.Take(nil))
	if err != nil {
		return nil, err
	}
	if !merged.follows(all[0], all[1], all[2], nil) {
		return nil, errors.New("the values of both sides do not fit into one file")
	}
	return out, nil
}

// version is one version of a file.
type version struct {
	pieces []string
	values map[string]string // by path: type and text
}

// valueMark begins the piece of a value: its path follows, and the value after another. No text has it.
const valueMark = "\x00"

// read takes a file apart into its values and the lines of what stands between them.
func read(f document.Format, text string) (version, error) {
	items, err := f.Parse([]byte(text))
	if err != nil {
		return version{}, err
	}
	v := version{values: map[string]string{}}
	end := 0
	for _, i := range items {
		if i.Kind != document.Value {
			continue
		}
		if i.Start < end || i.End < i.Start || i.End > len(text) {
			return version{}, errors.New("values overlap")
		}
		path := i.Path.String()
		if _, twice := v.values[path]; twice {
			return version{}, errors.New("a place has two values")
		}
		v.values[path] = i.Type + valueMark + i.Text
		v.pieces = append(v.pieces, split(text[end:i.Start])...)
		v.pieces = append(v.pieces, valueMark+path+valueMark+text[i.Start:i.End])
		end = i.End
	}
	v.pieces = append(v.pieces, split(text[end:])...)
	return v, nil
}

// shown is a piece's text.
func shown(piece string) string {
	if rest, ok := strings.CutPrefix(piece, valueMark); ok {
		_, text, _ := strings.Cut(rest, valueMark)
		return text
	}
	return piece
}

// follows reports whether each value is what the three say of its place, and none is missing. side says whose a
// contested one is; without it there may be none.
func (v version) follows(base, ours, theirs version, side func(path string) Side) bool {
	places := map[string]bool{}
	for _, from := range []version{v, base, ours, theirs} {
		for path := range from.values {
			places[path] = true
		}
	}
	for path := range places {
		o, a, b := base.values[path], ours.values[path], theirs.values[path]
		want := a
		switch {
		case a == b, b == o:
		case a == o:
			want = b
		case side == nil:
			return false
		case side(path) == SideTheirs:
			want = b
		}
		if v.values[path] != want {
			return false
		}
	}
	return true
}

// Contested names the places whose values both sides changed, and not alike.
func Contested(f document.Format, base, ours, theirs string) []string {
	o, err1 := read(f, base)
	a, err2 := read(f, ours)
	b, err3 := read(f, theirs)
	if errors.Join(err1, err2, err3) != nil {
		return nil
	}
	return contested(o, a, b)
}

func contested(base, ours, theirs version) []string {
	places := map[string]bool{}
	for _, from := range []version{ours, theirs} {
		for path, value := range from.values {
			a, b, o := ours.values[path], theirs.values[path], base.values[path]
			places[path] = places[path] || value != "" && a != b && o != a && o != b
		}
	}
	maps.DeleteFunc(places, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(places))
}
