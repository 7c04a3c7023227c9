package hcl

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// The names values of variables are looked for under.
const (
	envPrefix   = "KMSPLAN_VAR_"
	defaultVars = "kmsplan.kmsvars"
	autoVars    = ".auto.kmsvars"
)

// MissingVariable is the Extra of the diagnostic about a required variable without a
// value, so that a command line with a terminal can ask for it.
type MissingVariable struct {
	Name        string
	Description string
	Sensitive   bool // do not echo the answer
}

// assigned is a value somebody gave a variable.
type assigned struct {
	name  string
	from  string      // "-var", "the environment variable KMSPLAN_VAR_x", "prod.kmsvars.hcl:3"
	at    hclv2.Range // in a variable file
	text  *string     // from the command line or the environment
	expr  hclv2.Expression
	value *cty.Value // from a saved plan
	loud  bool       // an undeclared name is an error (-var), or a warning (files)
	quiet bool       // or nothing (a saved plan, which does not fit then)
	flag  bool       // -var or -var-file
}

// assign gives every variable its value. Later sources win: the environment,
// kmsplan.kmsvars.hcl and .json, *.auto.kmsvars.* in name order, then -var and -var-file
// in the order given.
func (m *module) assign() hclv2.Diagnostics {
	given, diags := m.assignments()
	last := map[string]assigned{}
	for _, a := range given {
		if m.variables[a.name] == nil {
			if !a.quiet {
				diags = append(diags, m.undeclared(a)...)
			}
			continue
		}
		last[a.name] = a
	}
	for _, name := range slices.Sorted(maps.Keys(m.variables)) {
		v := m.variables[name]
		a, ok := last[name]
		if ok {
			diags = append(diags, m.settle(v, a)...)
		} else {
			diags = append(diags, m.settleUnset(v)...)
		}
		if v.sensitive {
			v.value = v.value.Mark(Sensitive)
		}
		if v.ephemeral {
			v.value = v.value.Mark(Ephemeral)
		}
	}
	return diags
}

func (m *module) assignments() ([]assigned, hclv2.Diagnostics) {
	var list []assigned
	var diags hclv2.Diagnostics
	file := func(read func(string) ([]byte, error), path, shown string) {
		found, fileDiags := readVariables(read, path, shown)
		list, diags = append(list, found...), append(diags, fileDiags...)
	}
	list = append(list, saved(m.in.Saved, false)...)
	for _, entry := range m.in.Env {
		if name, value, ok := strings.Cut(entry, "="); ok && strings.HasPrefix(name, envPrefix) && m.variables[name[len(envPrefix):]] != nil {
			list = append(list, assigned{name: name[len(envPrefix):], from: "the environment variable " + name, text: &value})
		}
	}
	for _, name := range automaticFiles(m.in.Dir) {
		file(readRegular, filepath.Join(m.in.Dir, name), name)
	}
	list = append(list, saved(m.in.Saved, true)...)
	flags := len(list)
	for _, a := range m.in.Vars {
		if a.File != "" {
			file(readLimited, m.fromWorkDir(a.File), a.File)
			continue
		}
		list = append(list, assigned{name: a.Name, from: "-var", text: &a.Value, loud: true})
	}
	for i := range list[flags:] {
		list[flags+i].flag = true
	}
	return list, diags
}

func (t *tree) fromWorkDir(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	if t.in.WorkDir != "" {
		return filepath.Join(t.in.WorkDir, path)
	}
	return filepath.Join(t.in.Dir, path)
}

// automaticFiles are the variable files read unasked, in their order.
func automaticFiles(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var fixed, auto []string
	for _, e := range entries {
		base := strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".hcl"), ".json")
		switch {
		case e.IsDir() || base == e.Name():
		case base == defaultVars:
			fixed = append(fixed, e.Name())
		case strings.HasSuffix(base, autoVars):
			auto = append(auto, e.Name())
		}
	}
	slices.Sort(fixed) // .hcl before .json
	slices.Sort(auto)
	return append(fixed, auto...)
}

// readVariables parses a variable file. It is kept out of Config.Files, so that no
// snippet of it, with a secret in it, is ever printed.
func readVariables(read func(string) ([]byte, error), path, shown string) ([]assigned, hclv2.Diagnostics) {
	text, err := read(path)
	if err != nil {
		return nil, hclv2.Diagnostics{fault(hclv2.Range{}, "Unreadable variable file", "The variable file %s cannot be read: %s. Check its name and mode.", shown, reason(err))}
	}
	file, diags := parseSource(text, shown)
	if file == nil {
		return nil, diags
	}
	attrs, attrDiags := file.Body.JustAttributes()
	for _, d := range attrDiags {
		d.Detail += " A variable file holds lines such as name = \"value\" only; variables are declared in a *.kms.hcl file."
	}
	diags = append(diags, attrDiags...)
	var list []assigned
	for _, a := range sortedAttributes(attrs) {
		if expr, ok := a.Expr.(hclsyntax.Expression); ok {
			meterParts(expr)
		}
		list = append(list, assigned{name: a.Name, from: fmt.Sprintf("%s:%d", shown, a.Range.Start.Line), at: a.Range, expr: a.Expr})
	}
	return list, diags
}

func (m *module) undeclared(a assigned) hclv2.Diagnostics {
	hint := didYouMean(a.name, slices.Sorted(maps.Keys(m.variables)))
	if a.loud {
		return hclv2.Diagnostics{fault(a.at, "Undeclared variable", "-var sets %q, and no variable block declares it.%s Declare it with variable %q {}, or leave the option out.", a.name, hint, a.name)}
	}
	return hclv2.Diagnostics{caution(a.at, "Undeclared variable", "%s sets %q, and no variable block declares it; the value is ignored.%s", a.from, a.name, hint)}
}

// settle evaluates the value given and checks it against the declaration.
func (m *module) settle(v *variable, a assigned) hclv2.Diagnostics {
	v.from, v.flag, v.value = a.from, a.flag, cty.UnknownVal(v.typ)
	raw, diags := m.given(v, a)
	if diags.HasErrors() {
		return diags
	}
	val, err := v.conform(raw)
	if err != nil {
		return append(diags, fault(a.at, "Invalid value for variable", "The value of variable %q, from %s, does not fit its type: %s.", v.label, a.from, err))
	}
	if val.IsNull() && !v.nullable {
		if v.def != cty.NilVal {
			return append(diags, m.settleUnset(v)...)
		}
		return append(diags, fault(a.at, "Invalid value for variable", "The value of variable %q, from %s, is null, and nullable = false forbids that.", v.label, a.from))
	}
	v.value, v.ok = val, true
	return diags
}

func (m *module) given(v *variable, a assigned) (cty.Value, hclv2.Diagnostics) {
	if a.expr != nil {
		return evaluate(a.expr, nil)
	}
	if a.value != nil {
		return *a.value, nil
	}
	if err := textProblem(*a.text); err != nil {
		return cty.DynamicVal, hclv2.Diagnostics{fault(hclv2.Range{}, "Invalid value for variable", "The value of variable %q, from %s, cannot be used: %s.", v.label, a.from, err)}
	}
	if v.textual {
		return cty.StringVal(*a.text), nil
	}
	return parseValue(v.label, *a.text, a.from)
}

// parseValue reads an expression from the command line or the environment. What is wrong
// in it is not quoted: it may be a secret.
func parseValue(name, text, from string) (cty.Value, hclv2.Diagnostics) {
	expr, diags := parseExpression([]byte(text), "value of "+name)
	if !diags.HasErrors() {
		var val cty.Value
		if val, diags = evaluate(expr, nil); !diags.HasErrors() {
			return val, nil
		}
	}
	return cty.DynamicVal, hclv2.Diagnostics{fault(hclv2.Range{}, "Invalid value for variable",
		`The value of variable %q, from %s, is no expression: %s. Write it as in a file, such as ["a", "b"] or {team = "orders"}, and quote it for the shell.`,
		name, from, strings.ToLower(diags[0].Summary))}
}

func parseExpression(text []byte, name string) (hclv2.Expression, hclv2.Diagnostics) {
	tokens, diags := hclsyntax.LexExpression(text, name, hclv2.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	if diags := checkTokens(tokens); diags.HasErrors() {
		return nil, diags
	}
	expr, diags := hclsyntax.ParseExpression(text, name, hclv2.InitialPos)
	if !diags.HasErrors() {
		meterParts(expr)
	}
	return expr, diags
}

func (m *module) settleUnset(v *variable) hclv2.Diagnostics {
	v.from = "its default"
	if v.def != cty.NilVal {
		v.value, v.ok = v.def, v.def.IsKnown()
		return nil
	}
	v.value = cty.UnknownVal(v.typ)
	if m.in.AllowMissing {
		return nil
	}
	d := fault(v.rng, "Missing value for variable",
		"The variable %q has no default, so it needs a value. Give it with -var '%s=…', in a file (%s.hcl, or one named with -var-file), or in the environment as %s%s.",
		v.label, v.label, defaultVars, envPrefix, v.label)
	d.Extra = MissingVariable{Name: v.label, Description: v.description, Sensitive: v.sensitive || v.ephemeral}
	return hclv2.Diagnostics{d}
}

// validate checks every variable's own conditions.
func (m *module) validate() hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(m.variables)) {
		v := m.variables[name]
		for _, check := range v.validations {
			diags = append(diags, session{m: m}.validate(v, check)...)
		}
	}
	return diags
}

func (s session) validate(v *variable, check validation) hclv2.Diagnostics {
	verdict, diags := s.static(check.condition, cty.Bool, "A variable's condition")
	if diags.HasErrors() || !v.ok {
		return diags
	}
	verdict, _ = verdict.Unmark()
	if !verdict.IsKnown() || (!verdict.IsNull() && verdict.True()) {
		return diags
	}
	text := "The value does not fulfil the condition."
	message, messageDiags := s.static(check.message, cty.String, "A variable's error_message")
	diags = append(diags, messageDiags...)
	if !message.IsMarked() && message.IsKnown() && !message.IsNull() {
		text = message.AsString()
	} else if message.IsMarked() {
		text = "The value does not fulfil the condition. (The error_message holds a sensitive value and is not shown.)"
	}
	refused := fault(v.at(), "Invalid value for variable", "%s The value comes from %s; the condition is at %s:%d.",
		strings.TrimRight(text, " \n"), v.from, check.rng.Filename, check.rng.Start.Line)
	refused.Extra = FailedVariable{v.label}
	return append(diags, refused)
}
