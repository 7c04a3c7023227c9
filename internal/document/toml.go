package document

import (
	"bytes"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlFormat is TOML. The header is a comment at the end.
type tomlFormat struct{ asComments }

func (tomlFormat) Name() string { return "toml" }

// Quote keeps the kind of quotes, in one line.
func (tomlFormat) Quote(token string, raw []byte) string {
	if len(raw) > 0 && raw[0] == '\'' {
		return "'" + token + "'"
	}
	return `"` + token + `"`
}

// Parse reads the file once whole, for what the grammar alone does not say of it, and once for its places.
func (tomlFormat) Parse(src []byte) ([]Item, error) {
	shift := firstLine(src)
	rest := src[shift:]
	var whole map[string]any
	if err := toml.Unmarshal(rest, &whole); err != nil {
		return nil, notTOML(err)
	}
	w := &tomlWalk{src: src, shift: shift, at: shift, arrays: map[string]int{}, items: room(src, 1)}
	var p unstable.Parser
	p.Reset(bytes.Clone(rest)) // of the very capacity that its ranges are counted by
	for w.refused == nil && p.NextExpression() {
		w.expression(p.Expression())
	}
	if err := p.Error(); err != nil {
		return nil, notTOML(err)
	}
	if w.refused != nil {
		return nil, w.refused
	}
	w.gap(len(src))
	return w.items, nil
}

func notTOML(err error) *Refusal {
	r := &Refusal{Why: "this is no TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
	if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
		r.Line, r.Column = at.Position()
	}
	return r
}

// tomlWalk goes through a file in its order.
type tomlWalk struct {
	src    []byte
	shift  int // what the parser's places lack
	at     int // up to here all has been read
	table  Path
	arrays map[string]int // how many tables an array of tables has so far
	items  []Item

	depth   depth
	refused *Refusal // and nothing more is read
}

func (w *tomlWalk) add(i Item) { w.items = append(w.items, i) }

func (w *tomlWalk) expression(n *unstable.Node) {
	switch n.Kind {
	case unstable.KeyValue:
		w.keyValue(n, w.table)
	case unstable.Table, unstable.ArrayTable:
		w.table = w.header(w.key(n.Key()), n.Kind == unstable.ArrayTable)
		w.refused = w.depth.enter(w.table)
		w.add(Item{Kind: Mark, Type: "table", Path: w.table})
	}
}

// header is the path of a table: the last element of each array of tables on the way, and a new one of its own.
func (w *tomlWalk) header(names []string, element bool) (p Path) {
	for n, name := range names {
		p = p.With(Name(name))
		at := string(p.appendTo(nil, true))
		if element && n == len(names)-1 {
			w.arrays[at]++
		}
		if count := w.arrays[at]; count > 0 {
			p = p.With(Index(count - 1))
		}
	}
	return p
}

// key reads the parts of a name.
func (w *tomlWalk) key(parts unstable.Iterator) (names []string) {
	for parts.Next() {
		n := parts.Node()
		names = append(names, string(n.Data))
		w.gap(w.place(n))
		w.at += int(n.Raw.Length)
	}
	return names
}

func (w *tomlWalk) place(n *unstable.Node) int { return int(n.Raw.Offset) + w.shift }

func (w *tomlWalk) keyValue(n *unstable.Node, p Path) {
	for _, name := range w.key(n.Key()) {
		p = p.With(Name(name))
	}
	w.value(n.Value(), p)
}

func (w *tomlWalk) value(n *unstable.Node, p Path) {
	if w.refused != nil {
		return
	}
	if w.refused = w.depth.enter(p); w.refused != nil {
		w.refused.Line, w.refused.Column = position(w.src, w.at)
		return
	}
	switch n.Kind {
	case unstable.Array:
		count := 0
		for children := n.Children(); children.Next(); {
			if child := children.Node(); child.Kind != unstable.Comment {
				w.value(child, p.With(Index(count)))
				count++
			}
		}
		w.empty(count, "list", p)
	case unstable.InlineTable:
		count := 0
		for children := n.Children(); children.Next(); {
			if child := children.Node(); child.Kind == unstable.KeyValue {
				w.keyValue(child, p)
				count++
			}
		}
		w.empty(count, "map", p)
	default:
		w.scalar(n, p)
	}
}

func (w *tomlWalk) empty(count int, kind string, p Path) {
	if count == 0 {
		w.add(Item{Kind: Empty, Type: kind, Path: p})
	}
}

func (w *tomlWalk) scalar(n *unstable.Node, p Path) {
	i := Item{Kind: Value, Type: plain, Path: p, Text: string(n.Data), Start: w.place(n)}
	i.End = i.Start + int(n.Raw.Length)
	if n.Kind == unstable.String {
		i.Type = text
	}
	w.gap(i.Start)
	w.add(i)
	w.at = i.End
}

// gap reads the comments that stand between names and values, up to a place.
func (w *tomlWalk) gap(to int) {
	for w.at < to {
		if w.src[w.at] != '#' {
			w.at++
			continue
		}
		end := min(lineEnd(w.src, w.at), to)
		w.add(commentItem(w.src, w.at, end))
		w.at = end
	}
}
