package document

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// scalar finds the bytes of a scalar: it begins behind its anchor and tag, its value and style say how it ends.
func (w *yamlWalk) scalar(n *yaml.Node, p Path, indent int) (Item, error) {
	i := Item{Kind: Value, Type: text, Path: p, Text: n.Value}
	style := n.Style &^ (yaml.TaggedStyle | yaml.FlowStyle)
	if style == 0 && n.Value == "" { // nothing is written
		i.Type, i.Fixed, i.Start, i.End = plain, true, w.at, w.at
		return i, nil
	}
	at := w.at
	if anchors(n)+tags(n) > 0 {
		at = w.blanks(at)
	}
	if err := w.gap(at); err != nil {
		return Item{}, err
	}
	i.Start = at
	switch style {
	case yaml.DoubleQuotedStyle:
		i.End = w.quoted(at, '"')
	case yaml.SingleQuotedStyle:
		i.End = w.quoted(at, '\'')
	case yaml.LiteralStyle, yaml.FoldedStyle:
		i.End, i.Note = w.block(at, indent)
	default:
		i.Type, i.End = plain, w.plain(at, n.Value)
		i.Fixed = slices.Contains([]string{"~", "null", "Null", "NULL"}, n.Value)
	}
	if i.End < 0 {
		return Item{}, w.refuse(n, "the end of this value cannot be told for certain")
	}
	return i, nil
}

// quoted is the end of a scalar in quotes, behind the closing one; -1 if there is none.
func (w *yamlWalk) quoted(at int, quote byte) int {
	if at >= len(w.src) || w.src[at] != quote {
		return -1
	}
	for at++; at < len(w.src); at++ {
		switch {
		case w.src[at] == '\\' && quote == '"':
			at++
		case w.src[at] == quote && quote == '\'' && at+1 < len(w.src) && w.src[at+1] == quote:
			at++
		case w.src[at] == quote:
			return at + 1
		}
	}
	return -1
}

// plain is the end of a scalar without quotes that reads as value: its words as they are, one line break as a space
// and several as one less.
func (w *yamlWalk) plain(at int, value string) int {
	for value != "" {
		if at >= len(w.src) {
			return -1
		}
		if !strings.ContainsRune(" \t\r\n", rune(w.src[at])) {
			if w.src[at] != value[0] {
				return -1
			}
			at, value = at+1, value[1:]
			continue
		}
		end := at + len(w.src[at:]) - len(bytes.TrimLeft(w.src[at:], " \t\r\n"))
		space := string(w.src[at:end])
		if breaks := strings.Count(space, "\n"); breaks == 1 {
			space = " "
		} else if breaks > 1 {
			space = strings.Repeat("\n", breaks-1)
		}
		if !strings.HasPrefix(value, space) {
			return -1
		}
		at, value = end, value[len(space):]
	}
	return at
}

// block is the end of a literal or folded scalar: of the last line that belongs to it, without its break. indent is
// that of the block around it. A comment beside the indicator is given too, where lines follow.
func (w *yamlWalk) block(at, indent int) (end int, note string) {
	if at >= len(w.src) || w.src[at] != '|' && w.src[at] != '>' {
		return -1, ""
	}
	keep, inside := false, 0
	for at++; at < len(w.src) && strings.IndexByte("+-0123456789", w.src[at]) >= 0; at++ {
		switch c := w.src[at]; {
		case c == '+':
			keep = true
		case c >= '0' && c <= '9':
			inside = max(indent, 0) + int(c-'0')
		}
	}
	headEnd, end := lineEnd(w.src, at), at
	least := max(indent+1, 1)
	for line := w.nextLine(headEnd); line < len(w.src); line = w.nextLine(lineEnd(w.src, line)) {
		stop := lineEnd(w.src, line)
		rest := bytes.TrimLeft(w.src[line:stop], " ")
		spaces := stop - line - len(rest)
		if len(rest) == 0 && (inside == 0 || spaces <= inside) {
			if keep {
				end = stop
			}
			continue
		}
		if inside == 0 {
			inside = max(spaces, least)
		}
		if spaces < inside {
			break
		}
		end = stop
	}
	if end > headEnd {
		note = strings.TrimSpace(string(w.src[at:headEnd]))
	}
	return end, note
}

// nextLine is where the line after a line's end begins.
func (w *yamlWalk) nextLine(end int) int {
	if end < len(w.src) && w.src[end] == '\r' {
		end++
	}
	return end + 1
}

// place is the byte at which a node begins, its anchor and tag included. The parser counts characters. What follows
// the last place in its line is counted from there: a long line would take the square of its length.
func (w *yamlWalk) place(n *yaml.Node) (int, error) {
	if n.Line == len(w.lines)+1 && unwritten(n) { // the parser ends the last line of a file that does not
		return len(w.src), nil
	}
	if n.Line < 1 || n.Line > len(w.lines) {
		return 0, w.refuse(n, "the place of a value cannot be told for certain")
	}
	if n.Line != w.line || n.Column < w.column1 {
		w.line, w.column1, w.byteAt = n.Line, 1, w.lines[n.Line-1]
	}
	for ; w.column1 < n.Column; w.column1++ {
		if w.byteAt >= len(w.src) {
			return 0, w.refuse(n, "the place of a value cannot be told for certain")
		}
		_, size := utf8.DecodeRune(w.src[w.byteAt:])
		w.byteAt += size
	}
	return w.byteAt, nil
}

// column is how far a place is from the begin of its line, from 0.
func (w *yamlWalk) column(at int) int {
	i, found := slices.BinarySearch(w.lines, at)
	if !found {
		i--
	}
	return at - w.lines[i]
}

// lineStarts are the places at which lines begin, as YAML counts them.
func lineStarts(src []byte) []int {
	starts := append(make([]int, 0, bytes.Count(src, []byte("\n"))+1), 0)
	if bytes.HasPrefix(src, bom) {
		starts[0] = len(bom)
	}
	for at := 0; at < len(src); {
		size := 1
		switch {
		case bytes.HasPrefix(src[at:], []byte("\r\n")):
			size = 2
		case src[at] == '\n' || src[at] == '\r':
		case bytes.HasPrefix(src[at:], []byte("\u0085")):
			size = 2
		case bytes.HasPrefix(src[at:], []byte("\u2028")), bytes.HasPrefix(src[at:], []byte("\u2029")):
			size = 3
		default:
			at++
			continue
		}
		at += size
		starts = append(starts, at)
	}
	return starts
}
