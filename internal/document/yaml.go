package document

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// yamlFormat is YAML, of one document or several. The header is a comment at the end.
type yamlFormat struct{ asComments }

func (yamlFormat) Name() string { return "yaml" }

// Quote keeps the quotes of a value: where they stand no space is needed around it.
func (yamlFormat) Quote(token string, raw []byte) string {
	if len(raw) > 0 && (raw[0] == '"' || raw[0] == '\'') {
		return string(raw[0]) + token + string(raw[0])
	}
	return token
}

// Parse reads all documents of a file. Where a document begins is a mark, and paths of the second and later ones
// begin with its number.
func (yamlFormat) Parse(src []byte) ([]Item, error) {
	w := &yamlWalk{src: src, lines: lineStarts(src)}
	loader, err := yaml.NewLoader(bytes.NewReader(asVersion11(src)), yaml.WithV4Defaults(), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, err
	}
	for number := 0; ; number++ {
		var document yaml.Node
		err := loader.Load(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &Refusal{Why: "this is no YAML: " + strings.TrimPrefix(err.Error(), "go-yaml ")}
		}
		var p Path
		if number > 0 {
			p = Path{Index(number)}
			w.items = append(w.items, Item{Kind: Mark, Type: "document", Path: p})
		}
		for _, n := range document.Content {
			if err := w.node(n, p, -1); err != nil {
				return nil, err
			}
		}
	}
	return w.items, w.gap(len(src))
}

// asVersion11 lets the parser read what calls itself YAML 1.2: it knows both by one name. No byte moves.
func asVersion11(src []byte) []byte {
	if !bytes.Contains(src, []byte("%YAML 1.2")) {
		return src
	}
	lines := bytes.SplitAfter(src, []byte("\n"))
	for i, line := range lines {
		if bytes.HasPrefix(line, []byte("%YAML 1.2")) {
			lines[i] = append([]byte("%YAML 1.1"), line[len("%YAML 1.1"):]...)
		}
	}
	return bytes.Join(lines, nil)
}

// yamlWalk goes through a file in its order.
type yamlWalk struct {
	src   []byte
	lines []int // where each line starts
	at    int   // up to here all has been read
	items []Item
}

// node adds a node's items. indent is that of the block around it, -1 at the top.
func (w *yamlWalk) node(n *yaml.Node, p Path, indent int) error {
	switch n.Kind {
	case yaml.MappingNode:
		return w.mapping(n, p, indent)
	case yaml.SequenceNode:
		return w.sequence(n, p, indent)
	case yaml.AliasNode:
		at, err := w.place(n)
		if err != nil {
			return err
		}
		if err := w.gap(at); err != nil {
			return err
		}
		return w.value(n, Item{Kind: Value, Type: alias, Path: p, Text: n.Value, Start: at, End: at + 1 + len(n.Value), Fixed: true})
	}
	i, err := w.scalar(n, p, indent)
	if err != nil {
		return err
	}
	return w.value(n, i)
}

// value adds a value that stands where nothing has been read yet.
func (w *yamlWalk) value(n *yaml.Node, i Item) error {
	if i.Start < w.at || i.End > len(w.src) {
		return w.refuse(n, "the place of %s cannot be told for certain", i.Path)
	}
	w.items, w.at = append(w.items, i), i.End
	return nil
}

func (w *yamlWalk) mapping(n *yaml.Node, p Path, indent int) error {
	if len(n.Content) == 0 {
		w.items = append(w.items, Item{Kind: Empty, Type: "map", Path: p})
	}
	if len(n.Content) > 0 && n.Style&yaml.FlowStyle == 0 {
		at, err := w.place(n.Content[0])
		if err != nil {
			return err
		}
		indent = w.column(at)
	}
	seen := names{}
	for k := 0; k+1 < len(n.Content); k += 2 {
		key := n.Content[k]
		if key.Kind != yaml.ScalarNode {
			return w.refuse(key, "a name that is a list, a map or an alias has no path")
		}
		i, err := w.scalar(key, p, indent)
		if err != nil {
			return err
		}
		if i.Type == text {
			w.items = append(w.items, Item{Kind: Mark, Type: "quoted", Text: key.Value, Path: p})
		}
		if i.Start < w.at || i.End > len(w.src) {
			return w.refuse(key, "the place of the name %q cannot be told for certain", key.Value)
		}
		w.at = i.End
		w.items = append(w.items, seen.again(key.Value, p)...)
		if err := w.node(n.Content[k+1], p.With(Name(key.Value)), indent); err != nil {
			return err
		}
	}
	return nil
}

func (w *yamlWalk) sequence(n *yaml.Node, p Path, indent int) error {
	if len(n.Content) == 0 {
		w.items = append(w.items, Item{Kind: Empty, Type: "list", Path: p})
	}
	if n.Style&yaml.FlowStyle == 0 {
		at, err := w.place(n)
		if err != nil {
			return err
		}
		indent = w.column(w.properties(at))
	}
	for k, element := range n.Content {
		if err := w.node(element, p.With(Index(k)), indent); err != nil {
			return err
		}
	}
	return nil
}

// gap reads what stands between two scalars, up to a place: comments, and marks.
func (w *yamlWalk) gap(to int) error {
	if to < w.at || to > len(w.src) {
		return &Refusal{Why: "the places of this file's values cannot be told for certain"}
	}
	for w.at < to {
		c := w.src[w.at]
		switch {
		case c == '#':
			end := min(lineEnd(w.src, w.at), to)
			w.items = append(w.items, Item{Kind: Comment, Text: strings.TrimRight(string(w.src[w.at:end]), " \t\r")})
			w.at = end
		case c == '%' && (w.at == 0 || w.src[w.at-1] == '\n'):
			w.mark("directive", min(lineEnd(w.src, w.at), to))
		case c == '&':
			w.mark("anchor", min(wordEnd(w.src, w.at), to))
		case c == '!':
			w.mark("tag", min(wordEnd(w.src, w.at), to))
		default:
			w.at++
		}
	}
	return nil
}

func (w *yamlWalk) mark(kind string, end int) {
	w.items = append(w.items, Item{Kind: Mark, Type: kind, Text: strings.TrimRight(string(w.src[w.at:end]), " \t\r")})
	w.at = end
}

// properties is where a node begins behind its anchor and tag.
func (w *yamlWalk) properties(at int) int {
	for at < len(w.src) && (w.src[at] == '&' || w.src[at] == '!') {
		at = w.blanks(wordEnd(w.src, at))
	}
	return at
}

// blanks is the next place that is neither white space nor comment.
func (w *yamlWalk) blanks(at int) int {
	for at < len(w.src) {
		switch w.src[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '#':
			at = lineEnd(w.src, at)
		default:
			return at
		}
	}
	return at
}

func (w *yamlWalk) refuse(n *yaml.Node, format string, args ...any) error {
	r := refuse(nil, 0, format+"; encrypt the file whole, without -values", args...)
	r.Line, r.Column = n.Line, n.Column
	return r
}

// lineEnd is the end of a line without its break.
func lineEnd(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		if i > 0 && src[at+i-1] == '\r' {
			i--
		}
		return at + i
	}
	return len(src)
}

// wordEnd is the end of an anchor or a tag.
func wordEnd(src []byte, at int) int {
	if i := bytes.IndexAny(src[at:], " \t\r\n,[]{}"); i >= 0 {
		return at + i
	}
	return len(src)
}
