package document

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// jsonFormat is strict JSON: the header is the last member of the object at the top, or the last element of the list.
type jsonFormat struct{}

// jsoncFormat is JSON with comments and trailing commas: the header is a comment.
type jsoncFormat struct {
	jsonFormat
	asComments
}

const jsonMember = "kmsplan"

var bom = []byte("\ufeff")

func (jsonFormat) Name() string  { return "json" }
func (jsoncFormat) Name() string { return "jsonc" }

func (f jsoncFormat) Attach(src []byte, lines []string) ([]byte, error) {
	return f.asComments.Attach(src, lines)
}

func (f jsoncFormat) Detach(src []byte) ([]byte, []string, error) { return f.asComments.Detach(src) }

func (jsonFormat) Quote(token string, _ []byte) string { return `"` + token + `"` }

// strictJSON reports whether src is JSON without comments and trailing commas, or no JSON at all.
func strictJSON(src []byte) bool {
	v, _, err := jsonTree(src)
	return err != nil || v.IsStandard()
}

func (jsonFormat) Parse(src []byte) ([]Item, error) {
	items, err := parseJSON(src)
	if err == nil && !strictJSON(src) {
		return nil, &Refusal{Why: "there are comments or trailing commas in this file, and JSON has none: its format is jsonc"}
	}
	return items, err
}

func (jsoncFormat) Parse(src []byte) ([]Item, error) { return parseJSON(src) }

// parseJSON reads either kind: comments stand in the one only, and are items.
func parseJSON(src []byte) ([]Item, error) {
	root, shift, err := jsonTree(src)
	if err != nil {
		return nil, err
	}
	w := &jsonWalk{src: src, shift: shift, items: room(src, 1)}
	if err := w.value(root, nil); err != nil {
		return nil, err
	}
	return w.items, nil
}

// jsonTree parses src; shift is what the offsets of the tree lack.
func jsonTree(src []byte) (*hujson.Value, int, error) {
	rest := bytes.TrimPrefix(src, bom)
	if at := jsonTooDeep(rest); at >= 0 {
		return nil, 0, refuse(src, at+len(src)-len(rest), "nested more than %d deep", maxDepth)
	}
	v, err := hujson.Parse(append(rest[:len(rest):len(rest)], '\n')) // a comment may be the last of the file
	if err != nil {
		return nil, 0, &Refusal{Why: "this is no JSON: " + jsonReason(err)}
	}
	return &v, len(src) - len(rest), nil
}

// jsonTooDeep is where a file is nested deeper than the parser, which calls itself for each bracket, is trusted with;
// -1 if nowhere.
func jsonTooDeep(src []byte) int {
	depth := 0
	for at := 0; at < len(src); at++ {
		switch src[at] {
		case '"':
			if end := closing(src, at, '"', true); end > 0 {
				at = end - 1
			}
		case '/':
			if end := bytes.Index(src[at:], []byte("*/")); bytes.HasPrefix(src[at:], []byte("/*")) && end > 0 {
				at += end
			} else if bytes.HasPrefix(src[at:], []byte("//")) {
				at = lineEnd(src, at)
			}
		case '[', '{':
			if depth++; depth > maxDepth {
				return at
			}
		case ']', '}':
			depth--
		}
	}
	return -1
}

// jsonReason is what the parser says, without what it read: that may be a value.
func jsonReason(err error) string {
	why, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "hujson: "), "invalid literal")
	if strings.HasSuffix(why, ": ") {
		return why + "this is no text, number, true, false or null"
	}
	return why
}

type jsonWalk struct {
	src   []byte
	shift int
	items []Item
	depth depth
}

// value adds what stands before a value, the value, and what stands after it.
func (w *jsonWalk) value(v *hujson.Value, p Path) error {
	if r := w.depth.enter(p); r != nil {
		return r
	}
	w.comments(v.BeforeExtra)
	var err error
	switch t := v.Value.(type) {
	case *hujson.Object:
		err = w.object(t, p)
	case *hujson.Array:
		err = w.array(t, p)
	case hujson.Literal:
		w.literal(v, t, p)
	}
	w.comments(v.AfterExtra)
	return err
}

func (w *jsonWalk) object(o *hujson.Object, p Path) error {
	if len(o.Members) == 0 {
		w.items = append(w.items, Item{Kind: Empty, Type: "map", Path: p})
	}
	seen := names{}
	for i := range o.Members {
		m := &o.Members[i]
		w.comments(m.Name.BeforeExtra)
		name := m.Name.Value.(hujson.Literal)
		if loneSurrogate(name) {
			return refuse(w.src, m.Name.StartOffset+w.shift, "a name with half a surrogate pair, which no two programs read alike")
		}
		w.items = append(w.items, seen.again(name.String(), p)...)
		w.comments(m.Name.AfterExtra)
		if err := w.value(&m.Value, p.With(Name(name.String()))); err != nil {
			return err
		}
	}
	w.comments(o.AfterExtra)
	return nil
}

func (w *jsonWalk) array(a *hujson.Array, p Path) error {
	if len(a.Elements) == 0 {
		w.items = append(w.items, Item{Kind: Empty, Type: "list", Path: p})
	}
	for i := range a.Elements {
		if err := w.value(&a.Elements[i], p.With(Index(i))); err != nil {
			return err
		}
	}
	w.comments(a.AfterExtra)
	return nil
}

// literal adds a scalar. Its text is what stands in the file, escapes included, without the quotes: so that no two
// texts are one for any reader.
func (w *jsonWalk) literal(v *hujson.Value, l hujson.Literal, p Path) {
	i := Item{Kind: Value, Type: plain, Path: p, Text: string(l), Start: v.StartOffset + w.shift, End: v.EndOffset + w.shift}
	switch l.Kind() {
	case '"':
		i.Type, i.Text = text, string(l[1:len(l)-1])
	case 'n':
		i.Fixed = true
	}
	w.items = append(w.items, i)
}

// comments adds those of the white space between values.
func (w *jsonWalk) comments(extra hujson.Extra) {
	for rest := string(extra); rest != ""; {
		start := strings.IndexByte(rest, '/')
		if start < 0 {
			return
		}
		rest = rest[start:]
		end, after := len(rest), len(rest)
		if strings.HasPrefix(rest, "/*") {
			end = strings.Index(rest, "*/") + 2
			after = end
		} else if i := strings.IndexByte(rest, '\n'); i >= 0 {
			end, after = i, i+1
		}
		w.items = append(w.items, Item{Kind: Comment, Text: strings.TrimRight(rest[:end], " \t\r\n")})
		rest = rest[after:]
	}
}

// loneSurrogate reports whether a string has half of a surrogate pair in an escape.
func loneSurrogate(l hujson.Literal) bool {
	return bytes.Contains(bytes.ToLower(l), []byte(`\ud`)) && strings.ContainsRune(l.String(), utf8.RuneError)
}

// Attach adds the header after the last member or element.
func (jsonFormat) Attach(src []byte, lines []string) ([]byte, error) {
	root, shift, err := jsonTree(src)
	if err != nil {
		return nil, err
	}
	var at int
	var before hujson.Extra
	member := ""
	switch t := root.Value.(type) {
	case *hujson.Object:
		if len(t.Members) == 0 {
			return nil, errNoPlace
		}
		for _, m := range t.Members {
			if m.Name.Value.(hujson.Literal).String() == jsonMember {
				return nil, &Refusal{Why: "the object at the top has a member named " + jsonMember + ", where the header would stand; encrypt the file whole, without -values"}
			}
		}
		last := t.Members[len(t.Members)-1]
		at, before, member = last.Value.EndOffset, last.Name.BeforeExtra, `"`+jsonMember+`": `
	case *hujson.Array:
		if len(t.Elements) == 0 {
			return nil, errNoPlace
		}
		last := t.Elements[len(t.Elements)-1]
		at, before = last.EndOffset, last.BeforeExtra
	default:
		return nil, errNoPlace
	}
	at += shift
	header := "," + string(before) + member + jsonLines(string(before), lines)
	return append(append(bytes.Clone(src[:at]), header...), src[at:]...), nil
}

var errNoPlace = &Refusal{Why: "a JSON file that is one value, or has none, has no place for a header; encrypt it whole, without -values"}

// jsonLines writes the header as a list, in lines of their own where the members have such.
func jsonLines(before string, lines []string) string {
	gap, end := " ", ""
	if strings.Contains(before, "\n") {
		indent := before[strings.LastIndexByte(before, '\n')+1:]
		deeper := indent + indent
		if len(indent) > 8 || indent == "" {
			deeper = indent + "  "
		}
		eol := "\n"
		if strings.Contains(before, "\r\n") {
			eol = "\r\n"
		}
		gap, end = eol+deeper, eol+indent
	}
	var b strings.Builder
	b.WriteByte('[')
	for i, line := range lines {
		if i > 0 {
			b.WriteByte(',')
		}
		if i > 0 || gap != " " {
			b.WriteString(gap)
		}
		b.WriteString(`"` + jsonQuoted.Replace(line) + `"`)
	}
	return b.String() + end + "]"
}

// jsonQuoted escapes what can stand in a header line and not in a JSON string.
var jsonQuoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Detach takes the header off, and the comma before it.
func (jsonFormat) Detach(src []byte) ([]byte, []string, error) {
	root, shift, err := jsonTree(src)
	if err != nil {
		return nil, nil, err
	}
	var values []*hujson.Value
	var names []string // of members
	switch t := root.Value.(type) {
	case *hujson.Object:
		for i := range t.Members {
			values = append(values, &t.Members[i].Value)
			names = append(names, t.Members[i].Name.Value.(hujson.Literal).String())
		}
	case *hujson.Array:
		for i := range t.Elements {
			values = append(values, &t.Elements[i])
		}
	}
	found := -1
	var lines []string
	for i, v := range values {
		if got, ok := headerList(v); ok && found >= 0 {
			return nil, nil, errTwoHeaders
		} else if ok {
			found, lines = i, got
		}
	}
	switch {
	case found < 0:
		return src, nil, nil
	case names != nil && names[found] != jsonMember:
		return nil, nil, errors.Join(ErrChanged, &Refusal{Why: "the header is not named " + jsonMember})
	case found != len(values)-1 || found == 0:
		return nil, nil, errors.Join(ErrChanged, &Refusal{Why: "the header is not the last in the file"})
	}
	from, to := values[found-1].EndOffset+shift, values[found].EndOffset+shift
	return append(bytes.Clone(src[:from]), src[to:]...), lines, nil
}

// headerList reads a header out of a list of strings.
func headerList(v *hujson.Value) ([]string, bool) {
	a, ok := v.Value.(*hujson.Array)
	if !ok || len(a.Elements) == 0 {
		return nil, false
	}
	var lines []string
	for _, e := range a.Elements {
		l, ok := e.Value.(hujson.Literal)
		if !ok || l.Kind() != '"' {
			return nil, false
		}
		lines = append(lines, l.String())
	}
	return lines, strings.HasPrefix(lines[0], magic+" ")
}
