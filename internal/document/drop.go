package document

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tailscale/hujson"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// Drop gives the file src without the entry at path, or without all that stands below it: its lines, or its member of a
// JSON object. The outcome is parsed, and must say what src says but for that; what cannot be taken out so is refused.
// A comment on the lines of the entry goes with it, one above it stays.
func Drop(f Format, src []byte, path string) ([]byte, error) {
	p, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	items, err := parse(f, src)
	if err != nil {
		return nil, err
	}
	below := slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.Kind != Value || !i.Path.within(p) })
	if len(below) == 0 {
		return nil, fmt.Errorf("it has no value %s%s", p, suggest.Clause(p.String(), pathsOf(items)))
	}
	first := below[0].Start
	for _, s := range cuts(f, src, p, below) {
		out := s.in(src)
		if after, err := parse(f, out); err == nil && onlyLess(src[s.at:s.end], items, after, p) {
			return out, nil
		}
	}
	return nil, refuse(src, first, "%s has no lines of its own that could be taken out so that the file is read as it was everywhere else; kmsplan edit takes it out by hand", p)
}

// cuts are what may be taken out: lines from that of the first value to that of the last, of a map also the one above,
// which names it, and the one below, which closes it.
func cuts(f Format, src []byte, p Path, values []Item) []splice {
	if f.Name() == "json" || f.Name() == "jsonc" {
		return jsonCuts(src, p)
	}
	first, end := values[0].Start, values[len(values)-1].End
	from := bytes.LastIndexByte(src[:first], '\n') + 1
	if from == 0 {
		from = firstLine(src)
	}
	to := nextLine(src, end)
	if samePath(values[0].Path, p) {
		return []splice{whole(src, from, to)}
	}
	above := bytes.LastIndexByte(src[:max(from-1, 0)], '\n') + 1
	below := nextLine(src, to+1)
	return []splice{whole(src, from, to), whole(src, above, to), whole(src, above, below)}
}

// nextLine is where a line starts next, seen from behind a value.
func nextLine(src []byte, end int) int {
	if end >= len(src) {
		return len(src)
	}
	if end > 0 && src[end-1] == '\n' {
		return end
	}
	if i := bytes.IndexByte(src[end:], '\n'); i >= 0 {
		return end + i + 1
	}
	return len(src)
}

// whole takes out lines; with the last of a file that does not end in a line break goes the break before it.
func whole(src []byte, from, to int) splice {
	if to == len(src) && from > firstLine(src) && src[to-1] != '\n' {
		from = len(bytes.TrimSuffix(bytes.TrimSuffix(src[:from], []byte("\n")), []byte("\r")))
	}
	return splice{at: from, end: to}
}

// jsonCuts takes out a member with the comma behind it, or of the last one with that before it.
func jsonCuts(src []byte, p Path) []splice {
	v, shift := jsonAt(src, p[:len(p)-1])
	if v == nil {
		return nil
	}
	o, ok := v.Value.(*hujson.Object)
	if !ok {
		return nil
	}
	n := slices.IndexFunc(o.Members, func(m hujson.ObjectMember) bool {
		return m.Name.Value.(hujson.Literal).String() == p[len(p)-1].Name
	})
	if n < 0 {
		return nil
	}
	m := o.Members[n]
	if n+1 < len(o.Members) {
		return []splice{{at: m.Name.StartOffset + shift, end: o.Members[n+1].Name.StartOffset + shift}}
	}
	from := v.StartOffset + 1
	if n > 0 {
		from = o.Members[n-1].Value.EndOffset
	}
	return []splice{{at: from + shift, end: m.Value.EndOffset + shift}}
}

// onlyLess reports whether a file says what it said, but for what stood at p or below, and for comments that were taken
// out with it.
func onlyLess(cut []byte, was, is []Item, p Path) bool {
	parent := p[:len(p)-1]
	is = slices.DeleteFunc(slices.Clone(is), func(i Item) bool { return i.Kind == Empty && samePath(i.Path, parent) }) // now
	n := 0
	for _, i := range was {
		switch {
		case (i.Kind != Comment) && i.Path.within(p):
		case n < len(is) && i.same(is[n]):
			n++
		case i.Kind == Comment && onSameLine(cut, i.Text):
		case i.Kind == Mark && i.Type == "quoted" && samePath(i.Path, parent) && i.Text == p[len(p)-1].Name: // its name's, in YAML
		default:
			return false
		}
	}
	return n == len(is)
}

// onSameLine reports whether a comment that was taken out stood behind something on its line.
func onSameLine(cut []byte, comment string) bool {
	at := bytes.Index(cut, []byte(comment))
	if at < 0 {
		return false
	}
	line := cut[bytes.LastIndexByte(cut[:at], '\n')+1 : at]
	return len(bytes.TrimSpace(line)) > 0
}
