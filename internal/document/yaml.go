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
	if err := refuseYAMLBreaks(src); err != nil {
		return nil, err
	}
	w := &yamlWalk{src: src, lines: lineStarts(src), items: room(src, 1)}
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
			return nil, &Refusal{Why: "this is no YAML: " + yamlReason(err)}
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
	if err := w.gap(len(src)); err != nil {
		return nil, err
	}
	return w.items, w.versions()
}

// yamlReason is what the parser says, without what it read: that may be a value.
func yamlReason(err error) string {
	why := strings.TrimPrefix(err.Error(), "go-yaml ")
	if at := strings.Index(why, "unknown anchor"); at >= 0 {
		why = why[:at] + "an alias of no anchor (a text that begins with * needs quotes)"
	}
	return why
}

// refuseYAMLBreaks refuses what ends a line for some versions of YAML only: whoever has no key could break lines with
// it, for the one program and not for the other.
func refuseYAMLBreaks(src []byte) error {
	for _, c := range []string{"\u0085", "\u2028", "\u2029"} {
		if at := bytes.Index(src, []byte(c)); at >= 0 {
			return refuse(src, at, "the character %U ends a line in YAML 1.1 and not in 1.2; write it with an escape in double quotes, or encrypt the file whole, without -values", []rune(c)[0])
		}
	}
	return refuseLoneReturns(src)
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

// versions refuses a file in which asVersion11 took text of a value for a directive.
func (w *yamlWalk) versions() error {
	changed := bytes.Count(w.src, []byte("\n%YAML 1.2"))
	if bytes.HasPrefix(w.src, []byte("%YAML 1.2")) {
		changed++
	}
	for _, i := range w.items {
		if i.Kind == Mark && i.Type == "directive" && strings.HasPrefix(i.Text, "%YAML 1.2") {
			changed--
		}
	}
	if changed != 0 {
		return &Refusal{Why: "a line of a value begins with %YAML; encrypt the file whole, without -values"}
	}
	return nil
}

// yamlWalk goes through a file in its order.
type yamlWalk struct {
	src   []byte
	lines []int // where each line starts
	at    int   // up to here all has been read
	items []Item
	depth depth

	line, column1, byteAt int // the place that was looked up last: that line, column and byte
}

// node adds a node's items. indent is that of the block around it, -1 at the top.
func (w *yamlWalk) node(n *yaml.Node, p Path, indent int) error {
	if r := w.depth.enter(p); r != nil {
		r.Line, r.Column = n.Line, n.Column
		return r
	}
	if !unwritten(n) || indent < 0 { // where nothing is written its place is that of what follows, except at the top
		at, err := w.place(n)
		if err != nil {
			return err
		}
		if err := w.gap(at); err != nil {
			return err
		}
	}
	if err := w.properties(n, "", p); err != nil {
		return err
	}
	switch n.Kind {
	case yaml.MappingNode:
		return w.mapping(n, p, indent)
	case yaml.SequenceNode:
		return w.sequence(n, p, indent)
	case yaml.AliasNode:
		return w.value(n, Item{Kind: Value, Type: alias, Path: p, Text: n.Value, Start: w.at, End: w.at + 1 + len(n.Value), Fixed: true})
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
	if n.Style&yaml.FlowStyle == 0 {
		indent = w.column(w.blanks(w.at))
	}
	seen := names{}
	for k := 0; k+1 < len(n.Content); k += 2 {
		key := n.Content[k]
		if key.Kind != yaml.ScalarNode {
			return w.refuse(key, "a name that is a list, a map or an alias has no path")
		}
		i, err := w.name(key, p, indent)
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

// name reads the name of a member of the map at p, and gives it as if it were a value.
func (w *yamlWalk) name(key *yaml.Node, p Path, indent int) (Item, error) {
	if !unwritten(key) {
		at, err := w.place(key)
		if err != nil {
			return Item{}, err
		}
		if err := w.gap(at); err != nil {
			return Item{}, err
		}
	}
	if err := w.properties(key, "name ", p.With(Name(key.Value))); err != nil {
		return Item{}, err
	}
	return w.scalar(key, p, indent)
}

func (w *yamlWalk) sequence(n *yaml.Node, p Path, indent int) error {
	if len(n.Content) == 0 {
		w.items = append(w.items, Item{Kind: Empty, Type: "list", Path: p})
	}
	if n.Style&yaml.FlowStyle == 0 {
		indent = w.column(w.blanks(w.at))
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
		case c == '%' && w.column(w.at) == 0:
			w.mark("directive", nil, min(lineEnd(w.src, w.at), to))
		case strings.IndexByte(" \t\r\n-?:,[]{}.", c) >= 0:
			w.at++
		case w.at == 0 && bytes.HasPrefix(w.src, bom):
			w.at += len(bom)
		default: // also an anchor or a tag that is no node's
			return refuse(w.src, w.at, "what stands here cannot be told for certain; encrypt the file whole, without -values")
		}
	}
	return nil
}

func (w *yamlWalk) mark(kind string, p Path, end int) {
	w.items = append(w.items, Item{Kind: Mark, Type: kind, Text: strings.TrimRight(string(w.src[w.at:end]), " \t\r"), Path: p})
	w.at = end
}

// properties reads the anchor and the tag of a node that begins here: as many as the parser says are its own, since
// that of a map and that of its first name may stand side by side.
func (w *yamlWalk) properties(n *yaml.Node, of string, p Path) error {
	for range anchors(n) + tags(n) {
		if err := w.gap(w.blanks(w.at)); err != nil {
			return err
		}
		switch {
		case w.at < len(w.src) && w.src[w.at] == '&':
			w.mark(of+"anchor", p, wordEnd(w.src, w.at))
		case w.at < len(w.src) && w.src[w.at] == '!':
			w.mark(of+"tag", p, tagEnd(w.src, w.at))
		default:
			return w.refuse(n, "the place of an anchor or a tag cannot be told for certain")
		}
	}
	return nil
}

func anchors(n *yaml.Node) int {
	if n.Anchor != "" && n.Kind != yaml.AliasNode {
		return 1
	}
	return 0
}

func tags(n *yaml.Node) int {
	if n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
		return 1
	}
	return 0
}

// unwritten reports whether a node is nothing at all, not even an anchor.
func unwritten(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.FlowStyle == 0 && anchors(n)+tags(n) == 0
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

// tagEnd is the end of a tag; in angle brackets it may hold what ends others.
func tagEnd(src []byte, at int) int {
	if bytes.HasPrefix(src[at:], []byte("!<")) {
		if i := bytes.IndexByte(src[at:], '>'); i >= 0 {
			return at + i + 1
		}
	}
	return wordEnd(src, at)
}

// wordEnd is the end of an anchor or a tag.
func wordEnd(src []byte, at int) int {
	if i := bytes.IndexAny(src[at:], " \t\r\n,[]{}"); i >= 0 {
		return at + i
	}
	return len(src)
}
