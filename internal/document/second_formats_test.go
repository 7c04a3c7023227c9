package document

// The second reader's JSON, by the standard library's tokens, and its YAML: a reader of its own for a part of the
// language (scalars in one line, literal blocks, maps, lists, flow, anchors, tags, directives, several documents).

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// secondItems is §10.
func secondItems(format, src string) (items []secondItem, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("cannot be read: %v", r)
		}
	}()
	switch format {
	case "json", "jsonc":
		return secondJSON(format, src)
	case "dotenv":
		return secondDotenv(src)
	case "ini":
		return secondINI(src)
	case "toml":
		return secondTOML(src)
	case "hcl":
		return secondHCL(src)
	case "yaml":
		y := &secondYAML{src: src}
		y.stream()
		return y.items, nil
	}
	return nil, errors.New("not a format that is read here")
}

// secondExtra are a comment, or a comma that nothing follows; texts are matched so that nothing in them is.
var secondExtra = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|//[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/|,(?:\s|//[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/)*[\]}]`)

func secondJSON(format, src string) ([]secondItem, error) {
	file := strings.TrimPrefix(src, "\ufeff")
	shift := len(src) - len(file)
	var items []secondItem
	plain := []byte(file)
	for rest := 0; format == "jsonc"; {
		m := secondExtra.FindStringIndex(file[rest:])
		if m == nil {
			break
		}
		at, end := rest+m[0], rest+m[1]
		rest = end
		switch file[at] {
		case ',':
			plain[at], rest = ' ', at+1
		case '/':
			items = append(items, secondItem{kind: "comment", text: strings.TrimRight(file[at:end], " \t\r\n"), at: at + shift})
			copy(plain[at:], strings.Repeat(" ", end-at))
		}
	}
	w := &secondTokens{src: string(plain), dec: json.NewDecoder(strings.NewReader(string(plain))), shift: shift, items: items}
	w.dec.UseNumber()
	if err := w.value(nil); err != nil {
		return nil, err
	}
	if w.dec.More() {
		return nil, errors.New("more than one value")
	}
	slices.SortStableFunc(w.items, func(a, b secondItem) int { return a.at - b.at })
	return w.items, nil
}

type secondTokens struct {
	src   string
	dec   *json.Decoder
	shift int
	items []secondItem
}

// next is a token, where it begins and where it ends.
func (w *secondTokens) next() (t json.Token, at, end int, err error) {
	at = int(w.dec.InputOffset())
	t, err = w.dec.Token()
	end = int(w.dec.InputOffset())
	for err == nil && strings.IndexByte(" \t\r\n,:", w.src[at]) >= 0 {
		at++
	}
	return t, at, end, err
}

func (w *secondTokens) add(i secondItem) {
	i.at += w.shift
	i.end += w.shift
	w.items = append(w.items, i)
}

func (w *secondTokens) value(path []string) error {
	t, at, end, err := w.next()
	if err != nil {
		return err
	}
	delim, collection := t.(json.Delim)
	raw := w.src[at:end]
	switch {
	case !collection && raw[0] == '"':
		w.add(secondItem{kind: "value", kindOf: "text", text: raw[1 : len(raw)-1], path: path, at: at, end: end})
	case !collection:
		w.add(secondItem{kind: "value", kindOf: "plain", text: raw, path: path, at: at, end: end})
	case !w.dec.More():
		w.add(secondItem{kind: "empty", kindOf: map[json.Delim]string{'{': "map", '[': "list"}[delim], path: path, at: at})
	}
	seen := map[string]bool{}
	for n := 0; collection && w.dec.More(); n++ {
		below := secondPlace(path, n)
		if delim == '{' {
			t, at, _, err := w.next()
			if err != nil {
				return err
			}
			name := t.(string)
			if seen[name] {
				w.add(secondItem{kind: "mark", kindOf: "again", text: name, path: path, at: at})
			}
			seen[name], below = true, secondName(path, name)
		}
		if err := w.value(below); err != nil {
			return err
		}
	}
	if collection {
		_, err = w.dec.Token()
	}
	return err
}

// secondDetachJSON takes the last member or element off.
func secondDetachJSON(file string) (string, []string, error) {
	text := strings.TrimPrefix(file, "\ufeff")
	shift := len(file) - len(text)
	dec := json.NewDecoder(strings.NewReader(text))
	top, err := dec.Token()
	if err != nil {
		return "", nil, err
	}
	var name string
	var last json.RawMessage
	var from, to int
	for dec.More() {
		if top == json.Delim('{') {
			t, err := dec.Token()
			if err != nil {
				return "", nil, err
			}
			name = t.(string)
		}
		from, last = to, nil
		if err := dec.Decode(&last); err != nil {
			return "", nil, err
		}
		to = int(dec.InputOffset())
	}
	var lines []string
	if err := json.Unmarshal(last, &lines); err != nil || top == json.Delim('{') && name != "kmsplan" || from == 0 {
		return "", nil, errors.New("no header at the end")
	}
	return file[:from+shift] + file[to+shift:], lines, nil
}

// secondYAML reads a file character by character; what it does not know ends it.
type secondYAML struct {
	src   string
	at    int
	items []secondItem
}

func (y *secondYAML) add(i secondItem) { y.items = append(y.items, i) }

func (y *secondYAML) rest() string { return y.src[y.at:] }

func (y *secondYAML) column() int {
	start := strings.LastIndexByte(y.src[:y.at], '\n') + 1
	if start == 0 && strings.HasPrefix(y.src, "\ufeff") {
		start = len("\ufeff")
	}
	return y.at - start
}

// line is the rest of the line, without its end.
func (y *secondYAML) line() string {
	line, _, _ := strings.Cut(y.rest(), "\n")
	return strings.TrimSuffix(line, "\r")
}

func (y *secondYAML) marker() bool {
	return y.column() == 0 && regexp.MustCompile(`^(---|\.\.\.)([ \t\r\n]|$)`).MatchString(y.rest())
}

// skip reads white space, comments and, between documents, directives.
func (y *secondYAML) skip() {
	for y.at < len(y.src) {
		switch c := y.src[y.at]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			y.at++
		case c == '#':
			text := y.line()
			y.add(secondItem{kind: "comment", text: strings.TrimRight(text, " \t")})
			y.at += len(text)
		case c == '%' && y.column() == 0:
			text := y.line()
			y.add(secondItem{kind: "mark", kindOf: "directive", text: strings.TrimRight(text, " \t")})
			y.at += len(text)
		default:
			return
		}
	}
}

// ahead reports whether something holds for what follows white space, and reads nothing.
func (y *secondYAML) ahead(what func() bool) bool {
	at, n := y.at, len(y.items)
	y.skip()
	is := what()
	y.at, y.items = at, y.items[:n]
	return is
}

func (y *secondYAML) stream() {
	y.at = len(y.src) - len(strings.TrimPrefix(y.src, "\ufeff"))
	for n := 0; ; n++ {
		var path []string
		if n > 0 {
			path = secondPlace(nil, n)
			y.add(secondItem{kind: "mark", kindOf: "document", path: path})
		}
		y.skip()
		if strings.HasPrefix(y.rest(), "---") {
			y.at += 3
		}
		y.node(-1, path, false)
		if y.ahead(func() bool { return strings.HasPrefix(y.rest(), "...") }) {
			y.skip()
			y.at += 3
		}
		if y.ahead(func() bool { return y.at == len(y.src) }) {
			y.skip()
			return
		}
	}
}

var secondProperty = regexp.MustCompile(`^[&!][^ \t\r\n,\[\]{}]*`)

// secondKey is a name and its colon, behind its properties.
var secondKey = regexp.MustCompile(`^((?:[&!][^ \t\r\n]* +)*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^ \t\r\n#&!*?\-\[\]{}"'|>%,][^\r\n#,{}\[\]]*?)[ ]*:(?:[ \t\r\n]|$)`)

// node reads what belongs below indent; a list may stand at the indent of the map around it.
func (y *secondYAML) node(indent int, path []string, inMap bool) {
	if y.ahead(func() bool {
		dash := strings.HasPrefix(y.rest(), "- ") && inMap && y.column() == indent
		return y.at == len(y.src) || y.marker() || y.column() <= indent && !dash
	}) {
		if indent < 0 {
			y.skip()
		}
		y.add(secondItem{kind: "value", kindOf: "plain", path: path, at: y.at, end: y.at})
		return
	}
	y.skip()
	switch {
	case secondKey.MatchString(y.rest()):
		y.mapping(y.column(), path)
	case y.property("", path):
		y.node(indent, path, inMap)
	case strings.HasPrefix(y.rest(), "- "):
		y.list(y.column(), path)
	default:
		y.scalar(indent, path, regexp.MustCompile(`^.*?( #|$)`).FindString(strings.ReplaceAll(y.line(), "\t", " ")))
	}
}

// property reads an anchor or a tag.
func (y *secondYAML) property(of string, path []string) bool {
	text := secondProperty.FindString(y.rest())
	if text == "" {
		return false
	}
	y.add(secondItem{kind: "mark", kindOf: of + map[byte]string{'&': "anchor", '!': "tag"}[text[0]], text: text, path: path})
	y.at += len(text)
	return true
}

func (y *secondYAML) mapping(column int, path []string) {
	seen := map[string]bool{}
	for y.ahead(func() bool { return y.column() == column && !y.marker() && secondKey.MatchString(y.rest()) }) {
		y.skip()
		y.node(column, y.name(secondKey.FindStringSubmatch(y.rest())[2], path, seen), true)
	}
}

// name reads a name, its properties and its colon, and gives the path of what it names.
func (y *secondYAML) name(raw string, path []string, seen map[string]bool) []string {
	name := raw
	if raw[0] == '"' || raw[0] == '\'' {
		name = secondUnquote(raw)
	}
	below := secondName(path, name)
	for y.property("name ", below) {
		y.skip()
	}
	y.at += len(raw)
	if name != raw {
		y.add(secondItem{kind: "mark", kindOf: "quoted", text: name, path: path})
	}
	if seen[name] {
		y.add(secondItem{kind: "mark", kindOf: "again", text: name, path: path})
	}
	seen[name] = true
	y.at += strings.IndexByte(y.rest(), ':') + 1
	return below
}

func (y *secondYAML) list(column int, path []string) {
	for n := 0; y.ahead(func() bool { return y.column() == column && strings.HasPrefix(y.rest(), "- ") }); n++ {
		y.skip()
		y.at++
		y.node(column, secondPlace(path, n), false)
	}
}

// scalar reads a scalar, or a collection in brackets; text is how far it may reach if it has no quotes.
func (y *secondYAML) scalar(indent int, path []string, text string) {
	i := secondItem{kind: "value", kindOf: "text", path: path, at: y.at}
	switch c := y.src[y.at]; c {
	case '"', '\'':
		raw := regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')`).FindString(y.rest())
		i.text = secondUnquote(raw)
		y.at += len(raw)
	case '|':
		i.text, i.note = y.block(indent)
	case '[', '{':
		y.flow(c, path)
		return
	default:
		raw := strings.TrimRight(strings.TrimSuffix(text, " #"), " ")
		i.kindOf, i.text = "plain", y.src[y.at:y.at+len(raw)]
		if c == '*' {
			i.kindOf, i.text = "alias", i.text[1:]
		}
		y.at += len(raw)
	}
	i.end = y.at
	y.add(i)
}

// block reads a literal block.
func (y *secondYAML) block(indent int) (text, note string) {
	head := regexp.MustCompile(`^\|([+-]?)[ \t]*([^\r\n]*)`).FindStringSubmatch(y.rest())
	end, inside := y.at+1+len(head[1]), -1
	y.at += len(head[0])
	if trimmed := strings.TrimSpace(head[2]); trimmed != "" && trimmed[0] != '#' {
		panic("an indicator that is not read here")
	}
	next := func() bool { _, _, more := strings.Cut(y.rest(), "\n"); y.at += len(y.line()); return more }
	for next() {
		y.at += strings.IndexByte(y.rest(), '\n') + 1
		line := y.line()
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		if spaces == len(line) {
			text += "\n"
			if head[1] == "+" {
				end = y.at + len(line)
			}
			continue
		}
		if inside < 0 {
			inside = spaces
		}
		if spaces < inside || spaces <= indent {
			break
		}
		text += line[inside:] + "\n"
		end, note = y.at+len(line), strings.TrimSpace(head[2])
	}
	y.at = end
	switch kept := strings.TrimRight(text, "\n"); head[1] {
	case "":
		text = kept + "\n"
	case "-":
		text = kept
	}
	return text, note
}

// flow reads a collection in brackets.
func (y *secondYAML) flow(open byte, path []string) {
	at, seen := len(y.items), map[string]bool{}
	y.at++
	n := 0
	for ; ; n++ {
		if y.skip(); y.src[y.at] == ',' {
			y.at++
			y.skip()
		}
		if strings.IndexByte("]}", y.src[y.at]) >= 0 {
			break
		}
		below := secondPlace(path, n)
		if open == '{' {
			raw := regexp.MustCompile(`^((?:[&!][^ ]* +)*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^:,}]+):`).FindStringSubmatch(y.rest())[2]
			below = y.name(raw, path, seen)
		}
		for y.skip(); y.property("", below); y.skip() {
		}
		y.scalar(0, below, regexp.MustCompile(`^[^,\]}\r\n]*`).FindString(y.rest()))
	}
	if n == 0 {
		i := secondItem{kind: "empty", kindOf: map[byte]string{'{': "map", '[': "list"}[open], path: path}
		y.items = slices.Insert(y.items, at, i)
	}
	y.at++
}

func secondUnquote(raw string) string {
	if raw[0] == '\'' {
		return strings.ReplaceAll(raw[1:len(raw)-1], "''", "'")
	}
	s, err := strconv.Unquote(raw)
	if err != nil {
		panic("an escape that is not read here")
	}
	return s
}
