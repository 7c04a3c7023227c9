package document

// The second reader's TOML: names, values and comments, character by character.

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// secondTables reads TOML that is whole; of what is none it refuses some.
type secondTables struct {
	src      string
	at, last int // last is the end of the last name or scalar
	items    []secondItem
	arrays   map[string]int // how many tables each array of tables has, by its path
}

var (
	secondBareName  = regexp.MustCompile(`^[A-Za-z0-9_-]+`)
	secondBareValue = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+)`)
	secondBlank     = regexp.MustCompile(`^\\[ \t]*\r?\n[ \t\r\n]*`)
)

func secondTOML(src string) ([]secondItem, error) {
	w := &secondTables{src: src, at: len(src) - len(strings.TrimPrefix(src, "\ufeff")), arrays: map[string]int{}}
	var table []string
	for w.skip(" \t\r\n"); w.at < len(src); w.skip(" \t\r\n") {
		if src[w.at] != '[' {
			w.member(table)
			continue
		}
		array := strings.HasPrefix(src[w.at:], "[[")
		w.at += map[bool]int{false: 1, true: 2}[array]
		table = w.table(w.names(), array)
		w.at += map[bool]int{false: 1, true: 2}[array]
		w.items = append(w.items, secondItem{kind: "mark", kindOf: "table", path: table, at: w.last})
	}
	slices.SortStableFunc(w.items, func(a, b secondItem) int { return a.at - b.at })
	return w.items, nil
}

// skip reads what divides, and comments.
func (w *secondTables) skip(space string) {
	for w.at < len(w.src) {
		switch c := w.src[w.at]; {
		case strings.IndexByte(space, c) >= 0:
			w.at++
		case c == '#':
			text, _, _ := strings.Cut(w.src[w.at:], "\n")
			w.items = append(w.items, secondItem{kind: "comment", text: strings.TrimRight(text, " \t\r"), at: w.at})
			w.at += len(text)
		default:
			return
		}
	}
}

// table is the path of one: of each array of tables on the way the last element, of its own a new one.
func (w *secondTables) table(names []string, array bool) (path []string) {
	for n, name := range names {
		path = secondName(path, name)
		id := secondPath(path, true)
		if array && n == len(names)-1 {
			w.arrays[id]++
		}
		if w.arrays[id] > 0 {
			path = secondPlace(path, w.arrays[id]-1)
		}
	}
	return path
}

// names reads the parts of a name, up to what follows it.
func (w *secondTables) names() (names []string) {
	for {
		w.skip(" \t.")
		raw := secondBareName.FindString(w.src[w.at:])
		name := raw
		if raw == "" && strings.IndexByte(`"'`, w.src[w.at]) >= 0 {
			name, raw = w.text()
		}
		if raw == "" {
			return names
		}
		names = append(names, name)
		w.at += len(raw)
		w.last = w.at
	}
}

func (w *secondTables) member(path []string) {
	for _, name := range w.names() {
		path = secondName(path, name)
	}
	if w.skip(" \t"); w.src[w.at] != '=' {
		panic("a name without a value")
	}
	w.at++
	w.value(path)
}

func (w *secondTables) value(path []string) {
	w.skip(" \t\r\n")
	open := w.src[w.at]
	if open != '[' && open != '{' {
		i := secondItem{kind: "value", kindOf: "plain", path: path, at: w.at}
		raw := secondBareValue.FindString(w.src[w.at:])
		i.text = raw
		if open == '"' || open == '\'' {
			i.kindOf = "text"
			i.text, raw = w.text()
		}
		w.at += len(raw)
		i.end, w.last = w.at, w.at
		w.items = append(w.items, i)
		return
	}
	w.at++
	n, from := 0, w.last
	for w.skip(" \t\r\n,"); strings.IndexByte("]}", w.src[w.at]) < 0; w.skip(" \t\r\n,") {
		if open == '{' {
			w.member(path)
		} else {
			w.value(secondPlace(path, n))
		}
		n++
	}
	w.at++
	if n == 0 {
		w.items = append(w.items, secondItem{kind: "empty", kindOf: map[byte]string{'{': "map", '[': "list"}[open], path: path, at: from})
	}
}

// text is what a reader gets of a text that begins here, and what stands in the file.
func (w *secondTables) text() (text, raw string) {
	rest := w.src[w.at:]
	quote := rest[:1]
	if strings.HasPrefix(rest, strings.Repeat(quote, 3)) {
		quote = rest[:3]
	}
	end := len(quote)
	for !strings.HasPrefix(rest[end:], quote) {
		if end++; rest[end-1] == '\\' && quote[0] == '"' {
			end++
		}
	}
	for more := 0; len(quote) == 3 && more < 2 && strings.HasPrefix(rest[end+3:], quote[:1]); more++ {
		end++
	}
	raw, text = rest[:end+len(quote)], rest[len(quote):end]
	if len(quote) == 3 {
		text = strings.TrimPrefix(strings.TrimPrefix(text, "\r"), "\n")
	}
	if quote[0] == '\'' {
		return text, raw
	}
	return secondUnescape(text), raw
}

func secondUnescape(text string) string {
	var b strings.Builder
	for at := 0; at < len(text); {
		if text[at] != '\\' {
			b.WriteByte(text[at])
			at++
			continue
		}
		if blank := secondBlank.FindString(text[at:]); blank != "" {
			at += len(blank)
			continue
		}
		c := text[at+1]
		at += 2
		if digits := map[byte]int{'u': 4, 'U': 8, 'x': 2}[c]; digits > 0 {
			r, err := strconv.ParseUint(text[at:at+digits], 16, 32)
			if err != nil {
				panic(err)
			}
			b.WriteRune(rune(r))
			at += digits
			continue
		}
		is := strings.IndexByte(`btnfre"\`, c)
		if is < 0 {
			panic(errors.New("an escape that TOML has not"))
		}
		b.WriteByte("\b\t\n\f\r\x1b\"\\"[is])
	}
	return b.String()
}
