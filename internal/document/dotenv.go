package document

import "bytes"

// dotenvFormat is a file of environment variables, in the dialect that the dotenv libraries share: NAME=VALUE with or
// without export, values in no, single, double or back quotes, those in quotes over several lines.
type dotenvFormat struct{ asComments }

func (dotenvFormat) Name() string { return "dotenv" }

// Quote keeps the quotes of a value: whether a reader expands what is in it is theirs to say.
func (dotenvFormat) Quote(token string, raw []byte) string {
	if len(raw) > 0 && dotenvQuote(raw[0]) {
		return string(raw[0]) + token + string(raw[0])
	}
	return token
}

func dotenvQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// Parse reads the file line by line. A value's text is what stands in the file between its quotes, escapes included:
// readers differ in what they make of those.
func (dotenvFormat) Parse(src []byte) ([]Item, error) {
	if err := refuseLoneReturns(src); err != nil {
		return nil, err
	}
	w := &dotenvWalk{src: src, at: firstLine(src), items: room(src, 2)}
	for w.at < len(src) {
		if err := w.line(lineAt(src, w.at)); err != nil {
			return nil, err
		}
	}
	return w.items, nil
}

type dotenvWalk struct {
	src   []byte
	at    int // where the next line starts
	items []Item
}

func (w *dotenvWalk) add(i Item) { w.items = append(w.items, i) }

// line reads one, and those that its value in quotes goes on over.
func (w *dotenvWalk) line(l textLine) error {
	w.at = l.next
	switch {
	case l.empty():
		return nil
	case w.src[l.at] == '#':
		w.add(commentItem(w.src, l.at, l.end))
		return nil
	}
	at, exported := w.export(l)
	end := dotenvName(w.src, at, l.end)
	p := Path{Name(string(w.src[at:end]))}
	if end == at {
		return refuse(w.src, l.at, "neither NAME=VALUE nor a comment")
	}
	if exported {
		w.add(Item{Kind: Mark, Type: "export", Path: p})
	}
	sign := skipBlanks(w.src, end, l.end)
	switch {
	case sign < l.end && w.src[sign] == '=':
	case sign == end && end+1 < l.end && w.src[end] == ':' && blank(w.src[end+1]):
		w.add(Item{Kind: Mark, Type: "separator", Text: ":", Path: p})
	case sign == l.end || sign > end && w.src[sign] == '#': // the value is the environment's
		w.add(Item{Kind: Mark, Type: "name", Path: p})
		w.comment(sign, l.end)
		return nil
	default:
		return refuse(w.src, sign, "neither NAME=VALUE nor a comment: a name has letters, digits, _, - and dots, and = stands behind it")
	}
	return w.value(p, sign+1, l)
}

// export is where the name begins behind the word export, if that stands before it.
func (w *dotenvWalk) export(l textLine) (int, bool) {
	const word = "export"
	if !bytes.HasPrefix(w.src[l.at:l.end], []byte(word)) {
		return l.at, false
	}
	at := skipBlanks(w.src, l.at+len(word), l.end)
	if at == l.at+len(word) || at == l.end || w.src[at] == '=' {
		return l.at, false
	}
	return at, true
}

// dotenvName is the end of a name.
func dotenvName(src []byte, at, end int) int {
	for at < end {
		c := src[at]
		if c != '_' && c != '.' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		at++
	}
	return at
}

// value reads what stands behind the sign.
func (w *dotenvWalk) value(p Path, sign int, l textLine) error {
	at := skipBlanks(w.src, sign, l.end)
	if at < l.end && dotenvQuote(w.src[at]) {
		return w.quoted(p, at)
	}
	end := at
	for end < l.end && (w.src[end] != '#' || !blank(w.src[end-1])) {
		end++
	}
	behind := end
	for end > at && blank(w.src[end-1]) {
		end--
	}
	if end == at {
		at, end = sign, sign
	}
	w.add(Item{Kind: Value, Type: text, Path: p, Text: string(w.src[at:end]), Start: at, End: end})
	w.comment(behind, l.end)
	return nil
}

// comment reads what stands behind a value or name.
func (w *dotenvWalk) comment(at, end int) {
	if at = skipBlanks(w.src, at, end); at < end {
		w.add(commentItem(w.src, at, end))
	}
}

// quoted reads a value in quotes. In single and back quotes a backslash means something to some readers only: the
// end is where both would find it, or else where one does and nothing but a comment follows.
func (w *dotenvWalk) quoted(p Path, at int) error {
	quote := w.src[at]
	for _, escapes := range []bool{true, false} {
		end := closing(w.src, at, quote, escapes)
		if end < 0 || quote == '"' && !escapes {
			continue
		}
		l := lineAt(w.src, end)
		if l.at < l.end && (w.src[l.at] != '#' || l.at == end) {
			continue
		}
		w.at = l.next
		w.add(Item{Kind: Mark, Type: "quoted", Text: string(quote), Path: p})
		w.add(Item{Kind: Value, Type: text, Path: p, Text: string(w.src[at+1 : end-1]), Start: at, End: end})
		w.comment(end, l.end)
		return nil
	}
	if closing(w.src, at, quote, quote == '"') < 0 {
		return refuse(w.src, at, "this quote is never closed")
	}
	return refuse(w.src, at, "behind the quote that closes this value stands something else, which programs read in different ways")
}

// closing is the place behind the quote that closes the one at at, or -1.
func closing(src []byte, at int, quote byte, escapes bool) int {
	for at++; at < len(src); at++ {
		switch {
		case src[at] == '\\' && escapes:
			at++
		case src[at] == quote:
			return at + 1
		}
	}
	return -1
}
