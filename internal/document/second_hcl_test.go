package document

// The second reader's HCL. It finds how far an expression reaches by its brackets and quotes, and then what it is.

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type secondBlocks struct {
	src      string
	at       int
	items    []secondItem
	comments []secondItem
}

var (
	secondWord     = regexp.MustCompile(`^[\pL\p{Nl}_][\pL\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}-]*`)
	secondLiteral  = regexp.MustCompile(`^(?:-[ \t]*)?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$`)
	secondTemplate = regexp.MustCompile(`(?:^|[^$])\$\{|(?:^|[^%])%\{`)
	secondHeredoc  = regexp.MustCompile(`^<<(-?)(\S+)\r?\n`)
	secondFor      = regexp.MustCompile(`^[\[{]\s*for\s`)
)

func secondHCL(src string) ([]secondItem, error) {
	w := &secondBlocks{src: src, at: len(src) - len(strings.TrimPrefix(src, "\ufeff"))}
	w.body(nil)
	end := 0
	for _, i := range w.items { // a comment inside a value is part of it
		w.comments = slices.DeleteFunc(w.comments, func(c secondItem) bool { return c.at > i.at && c.at < i.end })
		end = max(end, i.end)
	}
	all := append(w.items, w.comments...)
	slices.SortStableFunc(all, func(a, b secondItem) int { return a.at - b.at })
	return slices.CompactFunc(all, func(a, b secondItem) bool { return a.kind == "comment" && b.kind == "comment" && a.at == b.at }), nil
}

// comment is how long the comment is that begins at a place, 0 = none does.
func (w *secondBlocks) comment(at int) int {
	rest := w.src[at:]
	switch {
	case strings.HasPrefix(rest, "#"), strings.HasPrefix(rest, "//"):
		line, _, _ := strings.Cut(rest, "\n")
		return len(line)
	case strings.HasPrefix(rest, "/*"):
		return strings.Index(rest, "*/") + 2
	}
	return 0
}

// skip reads what divides, and comments.
func (w *secondBlocks) skip(space string) {
	for w.at < len(w.src) {
		n := w.comment(w.at)
		if n > 0 {
			w.comments = append(w.comments, secondItem{kind: "comment", text: strings.TrimRight(w.src[w.at:w.at+n], " \t\r\n"), at: w.at})
		} else if strings.IndexByte(space, w.src[w.at]) >= 0 {
			n = 1
		}
		if n == 0 {
			return
		}
		w.at += n
	}
}

// body reads attributes and blocks, up to the end of the file or a brace.
func (w *secondBlocks) body(path []string) {
	blocks := map[string]int{}
	for w.skip(" \t\r\n"); w.at < len(w.src) && w.src[w.at] != '}'; w.skip(" \t\r\n") {
		start := w.at
		name := secondWord.FindString(w.src[w.at:])
		w.at += len(name)
		below := secondName(path, name)
		w.skip(" \t")
		if name == "" {
			panic("no name")
		}
		if w.src[w.at] == '=' {
			w.at++
			w.skip(" \t")
			w.expression(w.extent(true), below)
			continue
		}
		for w.src[w.at] != '{' {
			label := secondWord.FindString(w.src[w.at:])
			w.at += len(label)
			if label == "" {
				end := w.closing(w.at)
				label = secondUnescape(w.src[w.at+1 : end-1])
				w.at = end
			}
			name, below = name+" "+strconv.Quote(label), secondName(below, label)
			w.skip(" \t")
		}
		w.at++
		if blocks[name]++; blocks[name] > 1 {
			below = secondPlace(below, blocks[name]-1)
		}
		w.items = append(w.items, secondItem{kind: "mark", kindOf: "block", text: name, path: below, at: start})
		w.body(below)
		w.at++
	}
}

// closing is the end of what a bracket, a quote or a heredoc begins at a place.
func (w *secondBlocks) closing(at int) int {
	if m := secondHeredoc.FindStringSubmatch(w.src[at:]); m != nil {
		for at += len(m[0]); ; {
			line, _, _ := strings.Cut(w.src[at:], "\n")
			if strings.TrimSpace(line) == m[2] {
				return at + len(strings.TrimRight(line, " \t\r"))
			}
			at += len(line) + 1
		}
	}
	if w.src[at] == '"' {
		for at++; w.src[at] != '"'; {
			switch opens := w.src[at : at+2]; opens {
			case `\"`, `\\`, "$$", "%%":
				at += 2
			case "${", "%{":
				at = w.closing(at + 1)
			default:
				at++
			}
		}
		return at + 1
	}
	for at++; strings.IndexByte(")]}", w.src[at]) < 0; {
		at = w.over(at)
	}
	return at + 1
}

// over is where that ends which begins at a place: a bracket, a quote, a heredoc, a comment or one character.
func (w *secondBlocks) over(at int) int {
	switch n := w.comment(at); {
	case n > 0:
		return at + n
	case strings.IndexByte(`([{"`, w.src[at]) >= 0, secondHeredoc.MatchString(w.src[at:]):
		return w.closing(at)
	}
	return at + 1
}

// extent is the end of the expression that begins here; its comments are put aside. Between brackets a line may end in it.
func (w *secondBlocks) extent(lineEnds bool) int {
	end := w.at
	for at := w.at; at < len(w.src); {
		c := w.src[at]
		if strings.IndexByte(",)]}", c) >= 0 || lineEnds && (c == '\n' || c == '\r') {
			break
		}
		next := w.over(at)
		if w.comment(at) == 0 && strings.IndexByte(" \t\r\n", c) < 0 {
			end = next
		}
		at = next
	}
	return end
}

// expression adds the values of the one that ends at a place.
func (w *secondBlocks) expression(end int, path []string) {
	raw := w.src[w.at:end]
	whole := raw != "" && (strings.IndexByte(`([{"`, raw[0]) >= 0 || secondHeredoc.MatchString(raw)) && w.closing(w.at) == end
	i := secondItem{kind: "value", kindOf: "expr", text: raw, path: path, at: w.at, end: end}
	switch {
	case whole && raw[0] == '(':
		w.at++
		w.skip(" \t\r\n")
		w.expression(w.extent(false), path)
		w.skip(" \t\r\n")
		w.at = end
		return
	case whole && strings.IndexByte("[{", raw[0]) >= 0 && !secondFor.MatchString(raw):
		w.collection(path)
		return
	case whole && strings.IndexByte(`"<`, raw[0]) >= 0 && !secondTemplate.MatchString(raw):
		i.kindOf = "text"
		i.text = strings.TrimSuffix(strings.TrimPrefix(raw, `"`), `"`)
	case secondLiteral.MatchString(raw):
		i.kindOf = "plain"
	}
	w.items = append(w.items, i)
	w.at = end
}

func (w *secondBlocks) collection(path []string) {
	open, start := w.src[w.at], w.at
	w.at++
	seen, n := map[string]bool{}, 0
	for w.skip(" \t\r\n,"); strings.IndexByte("]}", w.src[w.at]) < 0; w.skip(" \t\r\n,") {
		if open == '[' {
			w.expression(w.extent(false), secondPlace(path, n))
		} else {
			w.member(path, seen)
		}
		n++
	}
	w.at++
	if n == 0 {
		w.items = append(w.items, secondItem{kind: "empty", kindOf: map[byte]string{'{': "map", '[': "list"}[open], path: path, at: start})
	}
}

func (w *secondBlocks) member(path []string, seen map[string]bool) {
	start := w.at
	for strings.IndexByte("=:", w.src[w.at]) < 0 {
		w.at = w.over(w.at)
	}
	raw := strings.TrimRight(w.src[start:w.at], " \t")
	name := raw
	switch {
	case raw[0] == '"' && !secondTemplate.MatchString(raw):
		name = secondUnescape(raw[1 : len(raw)-1])
	case secondWord.FindString(raw) != raw:
		w.items = append(w.items, secondItem{kind: "mark", kindOf: "name", text: raw, path: path, at: start})
	}
	if seen[name] {
		w.items = append(w.items, secondItem{kind: "mark", kindOf: "again", text: name, path: path, at: start})
	}
	seen[name] = true
	w.at++
	w.skip(" \t\r\n")
	w.expression(w.extent(true), secondName(path, name))
}
