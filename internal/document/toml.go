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

// Parse reads the file by the library's grammar, which gives the places, and holds it to what the grammar alone does not
// say: names that come twice, and values that are none (tomlValues).
func (tomlFormat) Parse(src []byte) ([]Item, error) {
	shift := firstLine(src)
	w := &tomlWalk{src: src, shift: shift, at: shift, names: newTOMLNames(), items: room(src, 1)}
	var p unstable.Parser
	p.Reset(bytes.Clone(src[shift:])) // of the very capacity that its ranges are counted by
	for w.refused == nil && p.NextExpression() {
		w.expression(p.Expression())
	}
	if err := p.Error(); err != nil {
		return nil, w.notTOML(&p, err)
	}
	if w.refused != nil {
		return nil, w.refused
	}
	w.gap(len(src))
	if err := tomlValues(src, w.items); err != nil {
		return nil, err
	}
	return w.items, nil
}

func notTOML(err error) *Refusal {
	r := &Refusal{Why: "this is no TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
	if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
		r.Line, r.Column = at.Position()
	}
	return r
}

// notTOML finds the place by what is left behind it, as the library counts its own places.
func (w *tomlWalk) notTOML(p *unstable.Parser, err error) *Refusal {
	r := notTOML(err)
	if at := (*unstable.ParserError)(nil); errors.As(err, &at) {
		if left := cap(p.Data()) - cap(at.Highlight); left >= 0 && left <= len(p.Data()) {
			r.Line, r.Column = position(w.src, w.shift+left)
		}
	}
	return r
}

// tomlWalk goes through a file in its order.
type tomlWalk struct {
	src   []byte
	shift int // what the parser's places lack
	at    int // up to here all has been read
	table Path
	names *tomlNames
	items []Item

	depth   depth
	refused *Refusal // and nothing more is read
}

func (w *tomlWalk) add(i Item) { w.items = append(w.items, i) }

func (w *tomlWalk) expression(n *unstable.Node) {
	switch n.Kind {
	case unstable.KeyValue:
		w.keyValue(n, w.names.current, w.table)
	case unstable.Table, unstable.ArrayTable:
		names, at := w.key(n.Key())
		table, err := w.names.header(names, n.Kind == unstable.ArrayTable)
		if err != nil {
			w.twice(at, err)
			return
		}
		w.table = table
		w.refused = w.depth.enter(w.table)
		w.add(Item{Kind: Mark, Type: "table", Path: w.table})
	}
}

// twice refuses a name.
func (w *tomlWalk) twice(at int, err error) {
	if w.refused == nil {
		w.refused = refuse(w.src, at, "this is no TOML: %v", err)
	}
}

// key reads the parts of a name; at is where it begins.
func (w *tomlWalk) key(parts unstable.Iterator) (names []string, at int) {
	for parts.Next() {
		n := parts.Node()
		if names == nil {
			at = w.place(n)
		}
		names = append(names, string(n.Data))
		w.gap(w.place(n))
		w.at += int(n.Raw.Length)
	}
	return names, at
}

func (w *tomlWalk) place(n *unstable.Node) int { return int(n.Raw.Offset) + w.shift }

// keyValue reads a name and its value, in the table or the map that has the number in.
func (w *tomlWalk) keyValue(n *unstable.Node, in int, p Path) {
	names, at := w.key(n.Key())
	id, err := w.names.key(in, names)
	if err != nil {
		w.twice(at, err)
		return
	}
	for _, name := range names {
		p = p.With(Name(name))
	}
	w.value(n.Value(), id, p)
}

func (w *tomlWalk) value(n *unstable.Node, id int, p Path) {
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
				w.value(child, w.names.nameless(), p.With(Index(count)))
				count++
			}
		}
		w.empty(count, "list", p)
	case unstable.InlineTable:
		count := 0
		for children := n.Children(); children.Next(); {
			if child := children.Node(); child.Kind == unstable.KeyValue {
				w.keyValue(child, id, p)
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
