package document

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tailscale/hujson"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// Drop gives the file src without the entry at path, or without all that stands below it: its lines, or its part of a list or a
// map in brackets. What stands behind it in a list moves up. The outcome is parsed, and must say what src says but for that; what cannot be taken out so is refused.
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
	if parent := p[:len(p)-1]; len(parent) > 0 && alone(items, parent, p) {
		return nil, refuse(src, first, "%s is all that %s has, and cannot be taken out without it: take %[2]s out, or use kmsplan edit", p, parent)
	}
	return nil, refuse(src, first, "%s has no place of its own that could be taken out so that the file is read as it was everywhere else; kmsplan edit takes it out by hand", p)
}

// alone reports whether nothing stands below a parent but what stands below p.
func alone(items []Item, parent, p Path) bool {
	return !slices.ContainsFunc(items, func(i Item) bool {
		return (i.Kind == Value || i.Kind == Empty) && i.Path.within(parent) && !i.Path.within(p)
	})
}

// cuts are what may be taken out: what stands between brackets, or lines from that of the first value to that of the last, of a
// map also those above, which name it, and the one below, which closes it.
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
	out := []splice{whole(src, from, to)}
	below := nextLine(src, to+1)
	for above, n := from, len(values[0].Path)-len(p); n > 0 && above > firstLine(src) && len(out) < maxPlaces; n-- { // the names around it
		above = bytes.LastIndexByte(src[:above-1], '\n') + 1
		out = append(out, whole(src, above, to), whole(src, above, below))
	}
	if f.Name() == "dotenv" || f.Name() == "ini" {
		return out
	}
	return append(append(out, firstOfElement(src, from, first, to)...), bracketCuts(src, first, end)...)
}

// firstOfElement takes out the first name of a map behind the dash of a YAML list: the next one moves there.
func firstOfElement(src []byte, line, first, to int) []splice {
	bare := bytes.TrimLeft(src[line:first], " ")
	rest := bytes.TrimLeft(bare, "- ")
	if !bytes.HasPrefix(bare, []byte("- ")) || len(rest) == 0 {
		return nil
	}
	next := to
	for next < len(src) && src[next] == ' ' {
		next++
	}
	return []splice{{at: first - len(rest), end: next}}
}

// bracketCuts take out a part of a list or a map in brackets, from the first value in it to the last: with the comma behind it,
// or, of the last, with the one before it on the same line.
func bracketCuts(src []byte, first, end int) (out []splice) {
	for at, tried := first-1, 0; at >= 0 && tried < 6; at-- {
		if bytes.IndexByte([]byte(",[{"), src[at]) < 0 {
			continue
		}
		tried++
		for _, to := range closers(src, end) {
			comma := to
			for comma < len(src) && bytes.IndexByte([]byte(" \t"), src[comma]) >= 0 {
				comma++
			}
			switch before := src[at+1 : first]; {
			case comma < len(src) && src[comma] == ',':
				out = append(out, splice{at: skipBlanks(src, at+1, first), end: skipBlanks(src, comma+1, len(src))})
			case src[at] != ',':
				out = append(out, splice{at: at + 1, end: to})
			case bytes.IndexByte(before, '\n') < 0:
				out = append(out, splice{at: at, end: to})
			}
		}
	}
	return out
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

// jsonCuts takes out a member or an element with the comma behind it, or of the last one with that before it.
func jsonCuts(src []byte, p Path) []splice {
	v, shift := jsonAt(src, p[:len(p)-1])
	if v == nil {
		return nil
	}
	var parts []splice // without commas
	switch t := v.Value.(type) {
	case *hujson.Object:
		for _, m := range t.Members {
			parts = append(parts, splice{at: m.Name.StartOffset, end: m.Value.EndOffset, text: m.Name.Value.(hujson.Literal).String()})
		}
	case *hujson.Array:
		for _, e := range t.Elements {
			parts = append(parts, splice{at: e.StartOffset, end: e.EndOffset})
		}
	}
	step := p[len(p)-1]
	n := step.Index
	if !step.List {
		n = slices.IndexFunc(parts, func(s splice) bool { return s.text == step.Name })
	}
	if n < 0 || n >= len(parts) {
		return nil
	}
	switch {
	case n+1 < len(parts):
		return []splice{{at: parts[n].at + shift, end: parts[n+1].at + shift}}
	case n > 0:
		return []splice{{at: parts[n-1].end + shift, end: parts[n].end + shift}}
	}
	return []splice{{at: v.StartOffset + 1 + shift, end: parts[n].end + shift}}
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
		case n < len(is) && movedUp(i, p).same(is[n]):
			n++
		case i.Kind == Comment && onSameLine(cut, i.Text):
		case i.Kind == Mark && i.Type == "quoted" && samePath(i.Path, parent) && i.Text == p[len(p)-1].Name: // its name's, in YAML
		default:
			return false
		}
	}
	return n == len(is)
}

// movedUp is an item after that at p is gone: what stood behind it in its list is one place further up.
func movedUp(i Item, p Path) Item {
	n := len(p) - 1
	if p[n].List && len(i.Path) > n && i.Path.within(p[:n]) && i.Path[n].List && i.Path[n].Index > p[n].Index {
		i.Path = slices.Clone(i.Path)
		i.Path[n].Index--
	}
	return i
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
