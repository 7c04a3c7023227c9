package document

import (
	"bytes"
	"slices"
	"strings"
)

func yamlName(name string) string {
	if yamlWord(name) {
		return name
	}
	return inQuotes(name)
}

// yamlEntry goes behind the last value of the list or map, indented as another of it, or between its brackets.
func (c *change) yamlEntry(text string) []splice {
	for _, i := range c.items {
		if i.Kind == Mark && i.Type == "document" {
			return nil // of several documents
		}
	}
	base := c.base()
	rest := c.path[len(base):]
	entry := inline(rest[1:], text, yamlName, ": ")
	if !rest[0].List {
		entry = yamlName(rest[0].Name) + ": " + entry
	}
	in := append(c.flow(base, entry), c.filled(base, entry)...)
	i, ok := last(c.items, func(i Item) bool { return i.Path.within(base) })
	if !ok {
		return in
	}
	indents := c.yamlIndents(base)
	if rest[0].List {
		indents = c.yamlDashes(i.Start)
	}
	var out []splice
	for _, indent := range indents {
		out = append(out, c.behind(i.End, c.yamlLines(rest, indent, text))...)
	}
	return append(out, in...)
}

// yamlLines writes a value with the lists and maps around it as blocks.
func (c *change) yamlLines(steps []Step, indent, text string) string {
	switch first := steps[0]; {
	case first.List && len(steps) == 1:
		return indent + "- " + text
	case first.List:
		return indent + "- " + strings.TrimLeft(c.yamlLines(steps[1:], indent+"  ", text), " ")
	case len(steps) == 1:
		return indent + yamlName(first.Name) + ": " + text
	default:
		return indent + yamlName(first.Name) + ":" + lineEnding(c.src) + c.yamlLines(steps[1:], indent+c.yamlStep(), text)
	}
}

// yamlStep is how far the file's blocks are indented.
func (c *change) yamlStep() string {
	for _, line := range bytes.Split(c.src, []byte("\n")) {
		bare := bytes.TrimLeft(line, " ")
		if n := len(line) - len(bare); n > 0 && n <= 8 && len(bare) > 0 && bytes.IndexByte([]byte("-#\r"), bare[0]) < 0 {
			return strings.Repeat(" ", n)
		}
	}
	return "  "
}

// yamlIndents is the white space before the names of a block map, as it stands before that of a value below it.
func (c *change) yamlIndents(parent Path) []string {
	for _, i := range c.items {
		if i.Kind != Value || len(i.Path) <= len(parent) || !i.Path.within(parent) {
			continue
		}
		name := i.Path[len(parent)].Name
		for _, line := range c.linesUp(i.Start) {
			bare := strings.TrimLeft(line, " -")
			for _, spelled := range []string{name, `"` + name + `"`, "'" + name + "'"} {
				if strings.HasPrefix(bare, spelled) {
					return []string{strings.Repeat(" ", len(line)-len(bare))}
				}
			}
		}
	}
	if len(parent) == 0 {
		return []string{""}
	}
	return nil
}

// yamlDashes is the white space before the dashes of lists that a value stands in, from the inside.
func (c *change) yamlDashes(at int) (indents []string) {
	for _, line := range c.linesUp(at) {
		bare := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(bare)]
		if strings.HasPrefix(bare, "- ") && !slices.Contains(indents, indent) {
			indents = append(indents, indent)
		}
	}
	return indents
}

// maxLinesUp is how far above a value its name is looked for.
const maxLinesUp = 200

// linesUp are the line of a byte and those above it, without byte order mark.
func (c *change) linesUp(at int) (lines []string) {
	for len(lines) < maxLinesUp {
		start := bytes.LastIndexByte(c.src[:at], '\n') + 1
		lines = append(lines, string(bytes.TrimPrefix(c.src[start:lineEnd(c.src, start)], bom)))
		if start == 0 {
			break
		}
		at = start - 1
	}
	return lines
}
