package addr

import (
	"cmp"
	"fmt"
	"strings"
)

// ParseTarget reads what Parse reads, and the path of a module, which stands for everything in it: an Address
// without Kind and Name.
func ParseTarget(s string) (Address, error) {
	if a, err := Parse(s); err == nil {
		return a, nil
	}
	if m, ok := parseModule(s); ok {
		return Address{Module: m}, nil
	}
	return Address{}, fmt.Errorf("%w; a module's is module.billing", noAddress(s))
}

func parseModule(s string) (m Module, ok bool) {
	steps, ok := split(s)
	if !ok || len(steps)%2 != 0 {
		return "", false
	}
	for ; len(steps) > 0; steps = steps[2:] {
		if !steps[0].is("module") {
			return "", false
		}
		m = m.Child(steps[1].name) + Module(steps[1].key)
	}
	return m, true
}

// IsModule reports whether the address stands for a module as a whole.
func (a Address) IsModule() bool { return a.Kind == "" && a.Module != "" }

// Covers reports whether b is a, an instance of the block a, or in the module a.
func (a Address) Covers(b Address) bool {
	if a.IsModule() {
		return b.Module.Within(a.Module)
	}
	return a == b || a.Key == "" && a == b.Block()
}

// Compare orders addresses as their texts are ordered, mostly without making them.
func Compare(a, b Address) int {
	if a.Data != b.Data || a.Ephemeral != b.Ephemeral || a.Module != b.Module || a.Check != b.Check {
		return strings.Compare(a.String(), b.String())
	}
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
}

// Names are the texts that ParseTarget reads as one of these addresses or more: each, its block, and the modules
// around it, each once.
func Names(all []Address) []string {
	var names []string
	seen := make(map[Address]bool, len(all))
	add := func(a Address) {
		if !seen[a] {
			seen[a] = true
			names = append(names, a.String())
		}
	}
	for _, a := range all {
		if a.Module != "" && !seen[a] {
			for _, m := range a.Module.Steps() {
				call, _ := m.Call()
				add(Address{Module: call})
				add(Address{Module: m})
			}
		}
		add(a.Block())
		add(a)
	}
	return names
}
