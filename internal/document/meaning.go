package document

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Meant is a value as a program gets it that reads the file.
type Meant struct {
	Path   Path
	Text   string
	Null   bool // the value says that there is none
	Sealed bool // it stands sealed in the document that it is of
}

// Values gives what the values of a file mean. A number or truth value is its letters. What only its reader can tell,
// an alias or an expression, is refused with a *Refusal.
func Values(f Format, src []byte) ([]Meant, error) {
	items, err := parse(f, src)
	if err != nil {
		return nil, err
	}
	return meantBy(f, src, items, nil)
}

// Values is Values of the plaintext.
func (d *Document) Values() ([]Meant, error) { return meantBy(d.format, d.Plain, d.items, d.sealed) }

// Find gives what one value of a file means, by its path as ParsePath reads it. names are the paths of all.
func Find(f Format, src []byte, path string) (found *Meant, names []string, err error) {
	if p, err := ParsePath(path); err == nil {
		path = p.String()
	}
	items, err := parse(f, src)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range items {
		if i.Kind != Value {
			continue
		}
		name := i.Path.String()
		names = append(names, name)
		if name != path || found != nil {
			continue
		}
		m, err := meant(f, src, i)
		if err != nil {
			return nil, names, err
		}
		found = &m
	}
	return found, names, nil
}

func meantBy(f Format, src []byte, items []Item, sealed map[int]bool) ([]Meant, error) {
	var out []Meant
	for n, i := range items {
		if i.Kind != Value {
			continue
		}
		m, err := meant(f, src, i)
		if err != nil {
			return nil, err
		}
		m.Sealed = sealed[n]
		out = append(out, m)
	}
	return out, nil
}

func meant(f Format, src []byte, i Item) (Meant, error) {
	m := Meant{Path: i.Path, Text: i.Text, Null: i.Fixed && i.Type == plain}
	if i.Type == alias || i.Type == expr {
		return m, refuse(src, i.Start, "%s is %s, whose value only the file's reader can tell; write it out", i.Path, map[string]string{alias: "an alias", expr: "an expression"}[i.Type])
	}
	if i.Type == text {
		var err error
		if m.Text, err = decoded(f.Name(), i, src[i.Start:i.End]); err != nil {
			return m, refuse(src, i.Start, "%s: %v", i.Path, err)
		}
	}
	return m, nil
}

// decoded reads the escapes of a text, where a format's items keep them.
func decoded(format string, i Item, raw []byte) (string, error) {
	switch format {
	case "json", "jsonc":
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", fmt.Errorf("this text has an escape that JSON does not know")
		}
		return s, nil
	case "hcl":
		e, diags := hclsyntax.ParseExpression(append(slices.Clip(raw), '\n'), "", hcl.InitialPos) // a heredoc ends with its line
		if diags.HasErrors() {
			return "", fmt.Errorf("this text has an escape that HCL does not know")
		}
		v, diags := e.Value(nil)
		if diags.HasErrors() || v.IsNull() || v.Type() != cty.String {
			return "", fmt.Errorf("this is no text")
		}
		return v.AsString(), nil
	case "dotenv":
		if len(raw) > 0 && raw[0] == '"' {
			return dotenvEscapes.Replace(i.Text), nil
		}
	}
	return i.Text, nil
}

// dotenvEscapes are those that readers of dotenv files agree upon, in double quotes. Nothing is expanded.
var dotenvEscapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`, `\$`, "$")
