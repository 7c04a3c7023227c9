package document

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/tailscale/hujson"
)

// entries are the places where a new entry may go, the best first. Whether the file is read as meant is proved
// afterwards.
func (c *change) entries(name, text string) []splice {
	parent := c.path[:len(c.path)-1]
	switch c.f.Name() {
	case "dotenv":
		return c.atEnd(parent, dotenvName([]byte(name), 0, len(name)) == len(name), name+"="+text)
	case "hcl":
		return c.atEnd(parent, hclsyntax.ValidIdentifier(name), name+" = "+text)
	case "ini":
		return c.iniEntry(parent, name, text)
	case "yaml":
		return c.yamlEntry(parent, name, text)
	case "toml":
		return c.tomlEntry(parent, name, text)
	}
	return c.jsonEntry(parent, name, text)
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
	if strings.ContainsAny(name, "=:[]\r\n") || iniComment(name[0]) || strings.TrimSpace(name) != name {
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
			return nil // it has no value whose place would be known
		}
	}
	return []splice{lineAfter(c.src, len(c.src), "["+parent[0].Name+"]"+lineEnding(c.src)+name+" = "+text)}
}

// iniBegin is what stands before a value: white space, the name, the sign with white space around it.
var iniBegin = regexp.MustCompile(`^([ \t]*).*?([ \t]*[=:][ \t]*)$`)

// likeLine begins a line as that of another value begins.
func (c *change) likeLine(i Item, name string) string {
	start := bytes.LastIndexByte(c.src[:i.Start], '\n') + 1
	if m := iniBegin.FindSubmatch(bytes.TrimPrefix(c.src[start:i.Start], bom)); m != nil {
		return string(m[1]) + name + string(m[2])
	}
	return name + " = "
}

// yamlEntry goes behind the last value of the block map, indented as another name of it.
func (c *change) yamlEntry(parent Path, name, text string) []splice {
	for _, i := range c.items {
		if i.Kind == Mark && i.Type == "document" {
			return nil // of several documents
		}
	}
	i, ok := last(c.items, func(i Item) bool { return i.Path.within(parent) })
	indent, sure := c.yamlIndent(parent)
	if !ok || !sure {
		return nil
	}
	if !yamlWord(name) {
		name = inQuotes(name)
	}
	return c.behind(i.End, indent+name+": "+text)
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

// yamlIndent is the white space before the names of a block map.
func (c *change) yamlIndent(parent Path) (string, bool) {
	for _, i := range c.items {
		if i.Kind != Value || len(i.Path) != len(parent)+1 || !i.Path.within(parent) {
			continue
		}
		start := bytes.LastIndexByte(c.src[:i.Start], '\n') + 1
		line := string(bytes.TrimPrefix(c.src[start:i.Start], bom))
		bare := strings.TrimLeft(line, " ")
		name := i.Path[len(parent)].Name
		for _, spelled := range []string{name, `"` + name + `"`, "'" + name + "'"} {
			if strings.HasPrefix(bare, spelled) {
				return line[:len(line)-len(bare)], true
			}
		}
	}
	return "", len(parent) == 0
}

var tomlBare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// tomlEntry goes behind the last value of the table.
func (c *change) tomlEntry(parent Path, name, text string) []splice {
	if !tomlBare.MatchString(name) {
		name = inQuotes(name)
	}
	line := name + " = " + text
	var table Path
	end := -1
	for _, i := range c.items {
		if i.Kind == Mark && i.Type == "table" {
			table = i.Path
		}
		if i.Kind == Value && samePath(table, parent) {
			end = i.End
		}
	}
	switch {
	case end >= 0:
		return c.behind(end, line)
	case len(parent) == 0:
		return []splice{{firstLine(c.src), firstLine(c.src), line + lineEnding(c.src)}}
	}
	return nil
}

// jsonEntry goes behind the last member of the object, with the white space that stands before that.
func (c *change) jsonEntry(parent Path, name, text string) []splice {
	v, shift := jsonAt(c.src, parent)
	if v == nil {
		return nil
	}
	o, ok := v.Value.(*hujson.Object)
	switch {
	case !ok:
		return nil
	case len(o.Members) == 0:
		at := v.StartOffset + shift + 1
		return []splice{{at, at, inQuotes(name) + ": " + text}}
	}
	m := o.Members[len(o.Members)-1]
	before := string(m.Name.BeforeExtra)
	if i := strings.LastIndexByte(before, '\n'); i >= 0 {
		before = lineEnding(c.src) + before[i+1:]
	}
	if strings.TrimSpace(before) != "" {
		before = " "
	}
	at := m.Value.EndOffset + shift
	return []splice{{at, at, "," + before + inQuotes(name) + ": " + text}}
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
