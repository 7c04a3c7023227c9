package document

import (
	"bytes"
	"strings"
)

// iniFormat is INI in its dialects: Python's configparser, git, systemd, MySQL, PHP, desktop files and, without
// sections, the properties of Java. Everything behind the sign is the value, what looks like a comment there included:
// for most of them it is part of it.
type iniFormat struct{}

func (iniFormat) Name() string { return "ini" }

// Quote needs no quotes: nothing of a token means anything in a value.
func (iniFormat) Quote(token string, _ []byte) string { return token }

// Attach begins the header's lines with ";", which no reader of sections misses, and where there are none with "#".
func (iniFormat) Attach(src []byte, lines []string) ([]byte, error) {
	return iniComments(hasSections(src)).Attach(src, lines)
}

// Detach knows both.
func (iniFormat) Detach(src []byte) ([]byte, []string, error) {
	body, lines, err := iniComments(true).Detach(src)
	if err != nil {
		return nil, nil, err
	}
	rest, more, err := iniComments(false).Detach(body)
	switch {
	case err != nil:
		return nil, nil, err
	case more == nil:
		return body, lines, nil
	case lines != nil:
		return nil, nil, errTwoHeaders
	}
	return rest, more, nil
}

func iniComments(sections bool) asComments {
	if sections {
		return asComments{"; "}
	}
	return asComments{"# "}
}

func hasSections(src []byte) bool {
	for at := firstLine(src); at < len(src); {
		l := lineAt(src, at)
		if !l.empty() && src[l.at] == '[' {
			return true
		}
		at = l.next
	}
	return false
}

// Parse reads the file line by line.
func (iniFormat) Parse(src []byte) ([]Item, error) {
	if err := refuseLoneReturns(src); err != nil {
		return nil, err
	}
	w := &iniWalk{src: src, at: firstLine(src), items: room(src, 1)}
	for w.at < len(src) {
		if err := w.line(lineAt(src, w.at)); err != nil {
			return nil, err
		}
	}
	return w.items, nil
}

type iniWalk struct {
	src     []byte
	at      int  // where the next line starts
	section Path // of what follows
	items   []Item
}

func (w *iniWalk) add(i Item) { w.items = append(w.items, i) }

func (w *iniWalk) line(l textLine) error {
	w.at = l.next
	switch {
	case l.empty():
		return nil
	case iniComment(w.src[l.at]):
		w.add(commentItem(w.src, l.at, l.end))
		return nil
	case iniDirective(w.src[l.at:l.end]):
		w.add(Item{Kind: Mark, Type: "directive", Text: string(w.src[l.at:l.end])})
		return nil
	case w.src[l.at] == '[':
		return w.header(l)
	}
	return w.key(l)
}

// iniDirective reports whether a line includes another file, of MySQL or systemd, or is a comment of properties.
func iniDirective(line []byte) bool {
	return line[0] == '!' || bytes.HasPrefix(line, []byte(".include "))
}

func iniComment(c byte) bool { return c == '#' || c == ';' }

// header reads the name of a section: up to the bracket that closes it, of which there are as many as open it. One
// in quotes closes nothing.
func (w *iniWalk) header(l textLine) error {
	line := string(w.src[l.at:l.end])
	depth := len(line) - len(strings.TrimLeft(line, "["))
	end := headerEnd(line, depth)
	if end < 0 {
		return refuse(w.src, l.at, "the name of this section has no end")
	}
	name := strings.Repeat("[", depth-1) + strings.TrimSpace(line[depth:end]) + strings.Repeat("]", depth-1)
	w.section = Path{Name(name)}
	w.add(Item{Kind: Mark, Type: "section", Text: name, Path: w.section})
	behind := skipBlanks(w.src, l.at+end+depth, l.end)
	switch {
	case behind == l.end:
	case iniComment(w.src[behind]):
		w.add(commentItem(w.src, behind, l.end))
	default:
		return refuse(w.src, behind, "behind the name of a section stands something that is no comment: programs read this line in different ways")
	}
	return nil
}

// headerEnd is where the brackets stand that close a section's name, or -1.
func headerEnd(line string, depth int) int {
	quoted := false
	for i := depth; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(line[i:], strings.Repeat("]", depth)):
			return i
		}
	}
	return -1
}

// key reads a name and its value.
func (w *iniWalk) key(l textLine) error {
	sign := w.sign(l)
	if sign < 0 {
		name := string(w.src[l.at:l.end])
		if strings.ContainsAny(name, " \t{}<>()") {
			return refuse(w.src, l.at, "neither a section, NAME = VALUE nor a comment")
		}
		w.add(Item{Kind: Mark, Type: "name", Path: w.section.With(Name(name))})
		return nil
	}
	name := strings.TrimRight(string(w.src[l.at:sign]), " \t")
	if name == "" {
		return refuse(w.src, l.at, "a value without a name")
	}
	p := w.section.With(Name(name))
	if c := w.src[sign]; c != '=' {
		w.add(Item{Kind: Mark, Type: "separator", Text: string(c), Path: p})
	}
	return w.value(p, sign+1, l)
}

// sign is where = or : stands behind a name, whichever comes first; -1 if none does. A name that begins with two
// slashes, as those of npm, may have colons.
func (w *iniWalk) sign(l textLine) int {
	line := w.src[l.at:l.end]
	signs := "=:"
	if bytes.HasPrefix(line, []byte("//")) {
		signs = "="
	}
	if i := bytes.IndexAny(line, signs); i >= 0 {
		return l.at + i
	}
	return -1
}

// value reads what stands behind the sign, and the lines that continue it: those after a line with a backslash at its
// end, and those that are indented deeper than the name.
func (w *iniWalk) value(p Path, sign int, first textLine) error {
	i := Item{Kind: Value, Type: text, Path: p, Start: skipBlanks(w.src, sign, first.end), End: first.end}
	empty := i.Start == first.end
	if empty {
		i.Start = min(skipBlanks(w.src, sign, lineEnd(w.src, sign)), sign+1)
		i.End = i.Start
	}
	texts := []string{string(w.src[i.Start:i.End])}
	open, sure := continues(w.src, first), empty
	var notes []string
	for at := first.next; at < len(w.src); {
		l := lineAt(w.src, at)
		at = l.next
		deeper := l.indent() > first.indent()
		switch {
		case !open && l.empty():
			continue
		case !open && iniComment(w.src[l.at]):
			notes = append(notes, string(w.src[l.at:l.end]))
			continue
		case !open && !deeper:
			at = len(w.src)
			continue
		case open != deeper && !sure && l.indent() != i.Start-first.start && w.likeKey(l):
			return refuse(w.src, l.at, "this line continues the value above it for some programs, and is a value of its own for others: indent it as the line above, or encrypt the file whole, without -values")
		}
		texts = append(texts, string(w.src[l.at:l.end]))
		i.Note, i.End, w.at = strings.Join(notes, "\n"), max(l.end, i.End), l.next
		open, sure = continues(w.src, l), sure || deeper && !w.likeKey(l) // which only one that reads on can read
	}
	i.Text = strings.Join(texts, "\n")
	w.add(i)
	return nil
}

// continues reports whether a line ends with a backslash that nothing escapes.
func continues(src []byte, l textLine) bool {
	line := src[l.at:l.end]
	return (len(line)-len(bytes.TrimRight(line, `\`)))%2 == 1
}

// likeKey reports whether a line would be a name with a value, or a section, if it continued nothing. An address, a
// comparison, as of versions, and an expression are neither.
func (w *iniWalk) likeKey(l textLine) bool {
	line := string(w.src[l.at:l.end])
	sign := strings.IndexAny(line, "=:")
	switch {
	case line == "" || line[0] == '[':
		return line != ""
	case sign < 0 || !iniWord(strings.TrimRight(line[:sign], " \t")):
		return false
	case line[sign] == ':':
		return len(line) == sign+1 || blank(line[sign+1])
	}
	return !strings.HasPrefix(line[sign:], "==")
}

// iniWord reports whether a name is of what names are of as a rule.
func iniWord(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r < 0x80 && !strings.ContainsRune("_.-/", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}
