package document

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/tailscale/hujson"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// entries are the places where a new entry may go, the best first. Whether the file is read as meant is proved
// afterwards.
func (c *change) entries(text string) []splice {
	parent, name := c.path[:len(c.path)-1], c.path[len(c.path)-1].Name
	switch c.f.Name() {
	case "dotenv":
		return c.atEnd(parent, dotenvName([]byte(name), 0, len(name)) == len(name), name+"="+text)
	case "hcl":
		return c.hclEntry(parent, name, text)
	case "ini":
		return c.iniEntry(parent, name, text)
	case "yaml":
		return c.yamlEntry(text)
	case "toml":
		return c.tomlEntry(text)
	}
	return c.jsonEntry(text)
}

// atEnd is a new last line, of an entry at the top.
func (c *change) atEnd(parent Path, fits bool, line string) []splice {
	if len(parent) > 0 || !fits {
		return nil
	}
	return []splice{lineAfter(c.src, len(c.src), line)}
}

// last is the last value that is meant, among the items from first up to the one that ends them.
func last(items []Item, meant func(Item) bool) (Item, bool) {
	for n := len(items) - 1; n >= 0; n-- {
		if items[n].Kind == Value && meant(items[n]) {
			return items[n], true
		}
	}
	return Item{}, false
}

// iniEntry goes behind the last value of the section, written as that is; without a section, before the first.
func (c *change) iniEntry(parent Path, name, text string) []splice {
	if name == "" || strings.ContainsAny(name, "=:[]\r\n") || iniComment(name[0]) || strings.TrimSpace(name) != name {
		return nil
	}
	i, ok := last(c.items, func(i Item) bool { return len(i.Path) == len(parent)+1 && i.Path.within(parent) })
	switch {
	case ok:
		return []splice{lineAfter(c.src, i.End, c.likeLine(i, name)+text)}
	case len(parent) == 0 && hasSections(c.src):
		return []splice{{firstLine(c.src), firstLine(c.src), name + " = " + text + lineEnding(c.src)}}
	case len(parent) == 0:
		return []splice{lineAfter(c.src, len(c.src), name+"="+text)}
	}
	for _, i := range c.items {
		if i.Kind == Mark && i.Type == "section" && samePath(i.Path, parent) {
			return c.inSection(parent[0].Name, name+" = "+text)
		}
	}
	return []splice{lineAfter(c.src, len(c.src), "["+parent[0].Name+"]"+lineEnding(c.src)+name+" = "+text)}
}

// inSection is the line behind the name of a section or a table that has no value yet.
func (c *change) inSection(section, line string) []splice {
	for at := firstLine(c.src); at < len(c.src); {
		l := lineAt(c.src, at)
		if !l.empty() && strings.HasPrefix(string(c.src[l.at:l.end]), "["+section+"]") {
			return []splice{lineAfter(c.src, l.end, line)}
		}
		at = l.next
	}
	return nil
}

// iniBegin is what stands before a value: white space, the name, the sign with white space around it.
var iniBegin = pattern.New(`^([ \t]*).*?([ \t]*[=:][ \t]*)$`)

// likeLine begins a line as that of another value begins.
func (c *change) likeLine(i Item, name string) string {
	start := bytes.LastIndexByte(c.src[:i.Start], '\n') + 1
	if m := iniBegin.FindSubmatch(bytes.TrimPrefix(c.src[start:i.Start], bom)); m != nil {
		return string(m[1]) + name + string(m[2])
	}
	return name + " = "
}

// behind are places for a line behind a value: the next lines, since a list or a map may close there.
func (c *change) behind(end int, line string) []splice {
	var out []splice
	for range 3 {
		s := lineAfter(c.src, end, line)
		out = append(out, s)
		if end = s.at + 1; end > len(c.src) {
			break
		}
	}
	return out
}

// hclEntry goes behind the last attribute of the block or the object, indented as that is, or into a list.
func (c *change) hclEntry(parent Path, name, text string) []splice {
	step := c.path[len(parent)]
	entry := name + " = " + text
	if step.List {
		entry = text
	} else if !hclsyntax.ValidIdentifier(name) {
		return nil
	}
	if len(parent) == 0 {
		return c.atEnd(parent, !step.List, entry)
	}
	var out []splice
	if i, ok := last(c.items, func(i Item) bool { return len(i.Path) == len(parent)+1 && i.Path.within(parent) }); ok && !step.List {
		start := bytes.LastIndexByte(c.src[:i.Start], '\n') + 1
		line := string(c.src[start:i.Start])
		out = c.behind(i.End, line[:len(line)-len(strings.TrimLeft(line, " \t"))]+entry)
	}
	return append(append(out, c.flow(parent, entry)...), c.filled(parent, entry)...)
}

var tomlBare = pattern.New(`^[A-Za-z0-9_-]+$`)

func tomlKey(name string) string {
	if tomlBare.MatchString(name) {
		return name
	}
	return inQuotes(name)
}

// dotted are names with dots between them; places in lists are left out.
func dotted(p Path) string {
	var names []string
	for _, step := range p {
		if !step.List {
			names = append(names, tomlKey(step.Name))
		}
	}
	return strings.Join(names, ".")
}

// tomlEntry goes behind the last value of the table, into a list or a map on one line, or into a table of its own at the end.
func (c *change) tomlEntry(text string) []splice {
	base := c.base()
	rest := c.path[len(base):]
	step := rest[len(rest)-1]
	inside := inline(rest[1:], text, tomlKey, " = ")
	if !rest[0].List {
		inside = tomlKey(rest[0].Name) + " = " + inside
	}
	in := append(c.flow(base, inside), c.filled(base, inside)...)
	if step.List {
		return in
	}
	line := tomlKey(step.Name) + " = " + text
	parent := c.path[:len(c.path)-1]
	var out []splice
	if len(rest) == 1 {
		out = c.inTable(parent, line)
	}
	out = append(out, in...)
	if len(parent) == 0 {
		return append(out, splice{firstLine(c.src), firstLine(c.src), line + lineEnding(c.src)})
	}
	out = append(out, c.inSection(dotted(parent), line)...)
	table := lineAfter(c.src, len(c.src), "["+dotted(parent)+"]"+lineEnding(c.src)+line)
	return append(out, table)
}

// inTable are the places behind the last value of a table, by its own name or as one of a dotted name.
func (c *change) inTable(parent Path, line string) (out []splice) {
	var table, of Path
	end, dot := -1, -1
	for _, i := range c.items {
		if i.Kind == Mark && i.Type == "table" {
			table = i.Path
		}
		switch {
		case i.Kind == Value && samePath(table, parent):
			end = i.End
		case i.Kind == Value && i.Path.within(parent) && len(i.Path) == len(parent)+1 && parent.within(table):
			dot, of = i.End, table
		}
	}
	if end >= 0 {
		out = c.behind(end, line)
	}
	if dot >= 0 && len(of) < len(parent) {
		out = append(out, c.behind(dot, dotted(parent[len(of):])+"."+line)...)
	}
	return out
}

// jsonEntry goes behind the last member of the object, or element of the list, with the white space that stands before that.
func (c *change) jsonEntry(text string) []splice {
	base := c.base()
	rest := c.path[len(base):]
	v, shift := jsonAt(c.src, base)
	if v == nil {
		return nil
	}
	entry := inline(rest[1:], text, inQuotes, ": ")
	var before string
	at := v.StartOffset + 1
	switch t := v.Value.(type) {
	case *hujson.Object:
		if rest[0].List {
			return nil
		}
		entry = inQuotes(rest[0].Name) + ": " + entry
		if n := len(t.Members); n > 0 {
			before, at = string(t.Members[n-1].Name.BeforeExtra), t.Members[n-1].Value.EndOffset
			entry = "," + c.spaced(before, n) + entry
		}
	case *hujson.Array:
		if !rest[0].List {
			return nil
		}
		if n := len(t.Elements); n > 0 {
			before, at = string(t.Elements[n-1].BeforeExtra), t.Elements[n-1].EndOffset
			entry = "," + c.spaced(before, n) + entry
		}
	}
	return []splice{{at + shift, at + shift, entry}}
}

// spaced is the white space before a new member, as it is before the last of n.
func (c *change) spaced(before string, n int) string {
	if i := strings.LastIndexByte(before, '\n'); i >= 0 {
		before = lineEnding(c.src) + before[i+1:]
	}
	if strings.TrimSpace(before) != "" || n == 1 && before == "" && c.path[len(c.base())].List {
		return " "
	}
	return before
}

// jsonAt is the value at a path; shift is what its offsets lack.
func jsonAt(src []byte, p Path) (*hujson.Value, int) {
	v, shift, err := jsonTree(src)
	if err != nil {
		return nil, 0
	}
	for _, step := range p {
		switch t := v.Value.(type) {
		case *hujson.Array:
			if !step.List || step.Index >= len(t.Elements) {
				return nil, 0
			}
			v = &t.Elements[step.Index]
		case *hujson.Object:
			if v = memberOf(t, step); v == nil {
				return nil, 0
			}
		default:
			return nil, 0
		}
	}
	return v, shift
}

func memberOf(o *hujson.Object, step Step) *hujson.Value {
	for i := range o.Members {
		if !step.List && o.Members[i].Name.Value.(hujson.Literal).String() == step.Name {
			return &o.Members[i].Value
		}
	}
	return nil
}
