package document

import (
	"bytes"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// Put gives the file src with a value in the place of the one at path, or as a new entry, as ParsePath reads it. Nothing
// else changes: the outcome is parsed, and must say what src says but for that value. What it cannot do for certain it
// refuses.
func Put(f Format, src []byte, path string, g Given) ([]byte, error) {
	p, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	if err := g.Check(); err != nil {
		return nil, err
	}
	items, err := parse(f, src)
	if err != nil {
		return nil, err
	}
	n, err := placeOf(items, p)
	if err != nil {
		return nil, err
	}
	c := &change{f: f, src: src, items: items, path: p, given: g}
	if n >= 0 {
		return c.replace(n)
	}
	return c.add()
}

// placeOf is the item of a value, -1 where there is none and could be one.
func placeOf(items []Item, p Path) (int, error) {
	found := -1
	for n, i := range items {
		switch {
		case i.Kind == Value && samePath(i.Path, p) && found >= 0:
			return 0, fmt.Errorf("%s stands in this file more than once; kmsplan edit changes the one that is meant", p)
		case i.Kind == Value && samePath(i.Path, p):
			found = n
		case (i.Kind == Value || i.Kind == Empty) && i.Path.within(p):
			return 0, fmt.Errorf("%s is a list or a map, which no single value replaces; name a value in it, or use kmsplan edit", p)
		case i.Kind == Value && p.within(i.Path):
			return 0, fmt.Errorf("%s is a value, so that nothing stands below it", i.Path)
		}
	}
	return found, nil
}

// change is one value that is put into a file.
type change struct {
	f     Format
	src   []byte
	items []Item
	path  Path
	given Given
}

// splice is text in the place of the bytes from at to end.
type splice struct {
	at, end int
	text    string
}

func (s splice) in(src []byte) []byte {
	return slices.Concat(src[:s.at], []byte(s.text), src[s.end:])
}

func (c *change) replace(n int) ([]byte, error) {
	i := c.items[n]
	raw := c.src[i.Start:i.End]
	for _, text := range spellings(c.f.Name(), c.given, raw) {
		for _, s := range c.places(i, text) {
			out := s.in(c.src)
			if after, err := parse(c.f, out); err == nil && c.onlyAt(n, out, after) {
				return out, nil
			}
		}
	}
	return nil, refuse(c.src, i.Start, "%s cannot take this value so that the file is read as it was everywhere else%s; kmsplan edit changes it by hand", c.path, c.why())
}

// places are where the value's text may go: where it stood, or, of a YAML name without a value, behind the colon.
func (c *change) places(i Item, text string) []splice {
	out := []splice{{i.Start, i.End, text}}
	if colon := skipBlanks(c.src, i.Start, len(c.src)); c.f.Name() == "yaml" && i.Start == i.End && colon < len(c.src) && c.src[colon] == ':' {
		out = append(out, splice{colon + 1, colon + 1, " " + text})
	}
	return out
}

func (c *change) why() string {
	if c.f.Name() == "ini" {
		return ": INI has values of one line, without white space at either end or a backslash at the end"
	}
	return ""
}

// onlyAt reports whether a file says what it said, and what was given in the place of item n.
func (c *change) onlyAt(n int, out []byte, after []Item) bool {
	was, is := c.unquoted(c.items), c.unquoted(after)
	n -= len(c.items[:n]) - len(c.unquoted(c.items[:n]))
	if len(was) != len(is) {
		return false
	}
	for k := range was {
		if k != n && !was[k].same(is[k]) {
			return false
		}
	}
	return c.means(out, is[n])
}

// unquoted leaves out the marks of the value's quotes, which may be other ones.
func (c *change) unquoted(items []Item) []Item {
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool {
		return i.Kind == Mark && i.Type == "quoted" && samePath(i.Path, c.path)
	})
}

// means reports whether an item is the value that was given.
func (c *change) means(out []byte, i Item) bool {
	if i.Kind != Value || !samePath(i.Path, c.path) {
		return false
	}
	m, err := meant(c.f, out, i)
	if err != nil || m.Null || m.Text != c.given.Text {
		return false
	}
	lines := c.f.Name() == "ini" || c.f.Name() == "dotenv" // where every value is a text
	switch {
	case lines:
		return true
	case c.given.Literal:
		return i.Type == plain
	}
	return i.Type == text || c.f.Name() == "yaml" && yamlWord(i.Text)
}

// add makes a new entry, with the lists and maps around it that are not there yet.
func (c *change) add() ([]byte, error) {
	if err := c.possible(); err != nil {
		return nil, err
	}
	for _, text := range spellings(c.f.Name(), c.given, nil) {
		for _, s := range c.entries(text) {
			out := s.in(c.src)
			if after, err := parse(c.f, out); err == nil && c.onlyMore(out, after) {
				return out, nil
			}
		}
	}
	return nil, fmt.Errorf("it has no value %s%s, and there is no place where a new one could go for certain%s; kmsplan edit adds it by hand",
		c.path, suggest.Clause(c.path.String(), pathsOf(c.items)), c.why())
}

// pathsOf are the paths of all values.
func pathsOf(items []Item) []string {
	var out []string
	for _, i := range items {
		if i.Kind == Value {
			out = append(out, i.Path.String())
		}
	}
	return out
}

// onlyMore reports whether a file says what it said, and one value more.
func (c *change) onlyMore(out []byte, after []Item) bool {
	was := c.items
	head := 0
	for head < len(was) && head < len(after) && was[head].same(after[head]) {
		head++
	}
	was, after = was[head:], after[head:]
	for len(was) > 0 && len(after) > 0 && was[len(was)-1].same(after[len(after)-1]) {
		was, after = was[:len(was)-1], after[:len(after)-1]
	}
	parent := c.path[:len(c.path)-1]
	if len(was) == 1 && was[0].Kind == Empty && samePath(was[0].Path, c.base()) {
		was = nil // the list or map has something in it now
	}
	values := 0
	for _, i := range after {
		switch {
		case i.Kind == Mark && i.Type != "again" && (i.Path.within(parent) || len(i.Path) >= len(c.base()) && c.path.within(i.Path)):
		case c.means(out, i):
			values++
		default:
			return false
		}
	}
	return len(was) == 0 && values == 1
}

// lineAfter is a splice of a whole line behind the one in which the byte before at stands.
func lineAfter(src []byte, at int, line string) splice {
	eol := lineEnding(src)
	if at > 0 && at <= len(src) && src[at-1] != '\n' {
		if next := bytes.IndexByte(src[at:], '\n'); next >= 0 {
			at += next + 1
		} else {
			return splice{len(src), len(src), eol + line}
		}
	}
	return splice{at, at, line + eol}
}
