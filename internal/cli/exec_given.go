package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/ops"
)

// given is what a command is given.
type given struct {
	app    *app
	named  bool
	format string            // of -env files that are envelopes; "" = by the name
	env    []string          // NAME=VALUE
	names  map[string]string // of variables: what gives them
	files  []givenFile
	secret []string // what is masked
}

// givenFile is a plaintext that a command reads as a file.
type givenFile struct {
	name    string // of the variable and the placeholder; "" = the placeholder {}
	base    string // the file's own name
	content []byte
	path    string
}

// fileTarget is one -file.
type fileTarget struct{ name, source string }

// fileTargets reads -file. What stands before = is a name only if a variable could have it.
func fileTargets(list []string) ([]fileTarget, error) {
	var out []fileTarget
	unnamed := 0
	for _, text := range list {
		t := fileTarget{source: text}
		if name, source, ok := strings.Cut(text, "="); ok && variableName(name) {
			t = fileTarget{name, source}
		}
		if t.name == "" {
			unnamed++
		}
		if t.source == "" {
			return nil, usageError{fmt.Errorf("-file %q: write NAME=FILE, or FILE", text)}
		}
		out = append(out, t)
	}
	if unnamed > 1 {
		return nil, usageError{fmt.Errorf("{} stands for one file: give %d of them a name, as in -file NAME=FILE", unnamed-1)}
	}
	return out, nil
}

func variableName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// values are those of an opened file, and which of them are secret.
func valuesOf(name, format string, o *ops.Opened) (values []document.Meant, of string, err error) {
	f, err := formatOf(name, format, o)
	if err != nil {
		return nil, "", err
	}
	if o.Document != nil {
		values, err = o.Document.Values()
		return values, f.Name(), err
	}
	values, err = document.Values(f, o.Plain)
	for i := range values {
		values[i].Sealed = true
	}
	return values, f.Name(), err
}

// formatOf is the format of an opened file's values: a document's own, or the one that is given, or what the name of the
// plaintext says.
func formatOf(name, format string, o *ops.Opened) (document.Format, error) {
	switch {
	case o.Document != nil && format != "" && format != o.Document.Format().Name():
		return nil, fmt.Errorf("it is a document of %s, and -format says %s; leave -format out", o.Document.Format().Name(), format)
	case o.Document != nil:
		return o.Document.Format(), nil
	case format != "":
		return document.ByName(format)
	}
	f, err := document.ByFile(plainName(name), o.Plain)
	if err != nil {
		return nil, errors.New("its name says no format that has values: it should end like app.yaml, app.json, .env or app.toml.enc, or -format FORMAT says it")
	}
	return f, nil
}

// plainName is the name of an encrypted file's plaintext.
func plainName(name string) string { return strings.TrimSuffix(filepath.Base(name), ops.Suffix) }

// addValues puts a file's values into the environment.
func (g *given) addValues(name string, o *ops.Opened) error {
	values, format, err := valuesOf(name, g.format, o)
	if err != nil {
		return fmt.Errorf("-env %s: %w", name, err)
	}
	for _, v := range values {
		if v.Null {
			continue
		}
		variable := variableOf(v.Path, format)
		if strings.ContainsRune(v.Text, 0) {
			return fmt.Errorf("-env %s: %s has a NUL byte, which no variable can hold", name, v.Path)
		}
		if err := g.claim(variable, fmt.Sprintf("%s of %s", v.Path, name)); err != nil {
			return err
		}
		g.env = append(g.env, variable+"="+v.Text)
		if v.Sealed {
			g.hide(v.Text)
		}
	}
	return nil
}

// addFile gives a file as a file.
func (g *given) addFile(t fileTarget, o *ops.Opened) error {
	if t.name != "" {
		if err := g.claim(t.name, "-file "+t.source); err != nil {
			return err
		}
	}
	g.files = append(g.files, givenFile{name: t.name, base: plainName(t.source), content: slices.Clone(o.Plain)})
	values, _, err := valuesOf(t.source, "", o)
	if err != nil { // no format: a key, a certificate
		g.hide(string(o.Plain))
		return nil
	}
	for _, v := range values {
		if v.Sealed && !v.Null {
			g.hide(v.Text)
		}
	}
	return nil
}

// everyday words stand in every output, whatever they are values of.
var everyday = []string{"true", "false", "null", "none"}

func (g *given) hide(text string) {
	if !slices.Contains(everyday, strings.ToLower(text)) {
		g.secret = append(g.secret, text)
	}
}

// claim takes a variable for one value.
func (g *given) claim(variable, what string) error {
	if g.names == nil {
		g.names = map[string]string{}
	}
	if other := g.names[variable]; other != "" {
		return fmt.Errorf("the variable %s would have two values: %s, and %s; rename one of them", variable, other, what)
	}
	g.names[variable] = what
	return nil
}

// variableOf names the variable of a value: a.b[0] is A_B_0. Names of a dotenv file are variables already.
func variableOf(p document.Path, format string) string {
	if format == "dotenv" && len(p) == 1 && variableName(p[0].Name) {
		return p[0].Name
	}
	var parts []string
	for _, s := range p {
		if s.List {
			parts = append(parts, strconv.Itoa(s.Index))
		} else {
			parts = append(parts, s.Name)
		}
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(strings.Join(parts, "_")))
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// arguments are the command's, with the paths of files in the place of {NAME} and {}.
func (g *given) arguments(argv []string) []string {
	out := slices.Clone(argv)
	for _, f := range g.files {
		for i := 1; i < len(out); i++ {
			out[i] = strings.ReplaceAll(out[i], "{"+f.name+"}", f.path)
		}
	}
	return out
}
