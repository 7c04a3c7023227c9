package hcl

import (
	"cmp"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// Variable is a variable's value, and how it came to it.
type Variable struct {
	Name   string
	Value  cty.Value // unmarked; unknown when it is missing or wrong
	Secret bool      // sensitive or ephemeral: the value is kept nowhere
	// Flag says that -var or -var-file gave it. What a file of the module or the environment gives is found
	// there again.
	Flag bool
	From string // who gives it, for messages; "" = a saved plan
}

// Variables lists the module's variables by name. Secret values are among them.
func (c *Config) Variables() []Variable {
	var out []Variable
	for _, name := range slices.Sorted(maps.Keys(c.module.variables)) {
		v := c.module.variables[name]
		value, _ := v.value.UnmarkDeep()
		out = append(out, Variable{Name: name, Value: value, Secret: v.sensitive || v.ephemeral, Flag: v.flag})
	}
	return out
}

// saved turns the values that a saved plan carries into assignments: those that a flag gave stand in for
// the flag, the others for the environment, which other sources win over.
func saved(list []Variable, flag bool) []assigned {
	var out []assigned
	for i := range list {
		if v := &list[i]; v.Flag == flag {
			out = append(out, assigned{name: v.Name, from: cmp.Or(v.From, "the saved plan"), value: &v.Value, quiet: true, flag: flag})
		}
	}
	return out
}
