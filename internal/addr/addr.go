package addr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Address names one instance of a block.
type Address struct {
	Module Module // the module instance the block stands in; "" for the root module
	Data   bool   // a data block: data.<Kind>.<Name>; an ephemeral block is one too
	Check  string // the check block that a lookup stands in; "" for none
	// Ephemeral says that it is written ephemeral.<Kind>.<Name>.
	Ephemeral bool
	Kind      string // key, alias, rotation_policy, secret; encrypt, decrypt, rewrap for data
	Name      string // the block's label
	Key       string // rendered instance key: `["eu"]`, `[0]`, or "" for a single block
}

// Resource addresses a managed object of a block without for_each.
func Resource(kind, name string) Address { return Address{Kind: kind, Name: name} }

// DataBlock addresses a data block without for_each.
func DataBlock(kind, name string) Address { return Address{Data: true, Kind: kind, Name: name} }

// EphemeralBlock addresses an ephemeral block without for_each.
func EphemeralBlock(kind, name string) Address {
	return Address{Data: true, Ephemeral: true, Kind: kind, Name: name}
}

// WithKey returns the instance of a for_each block.
func (a Address) WithKey(key string) Address { a.Key = "[" + strconv.Quote(key) + "]"; return a }

// WithIndex returns the instance of a count block.
func (a Address) WithIndex(i int) Address { a.Key = "[" + strconv.Itoa(i) + "]"; return a }

// Block returns the address of the block the instance belongs to.
func (a Address) Block() Address { a.Key = ""; return a }

// String renders the address as the user writes it.
func (a Address) String() string {
	if a.IsModule() {
		return string(a.Module)
	}
	s := a.Kind + "." + a.Name + a.Key
	switch {
	case a.Ephemeral:
		s = "ephemeral." + s
	case a.Data:
		s = "data." + s
	}
	if a.Check != "" {
		s = "check." + a.Check + "." + s
	}
	if a.Module != "" {
		s = string(a.Module) + "." + s
	}
	return s
}

// Parse reads what String renders, and other spellings of the same instance keys. Errors
// say what an address looks like.
func Parse(s string) (Address, error) {
	steps, ok := split(s)
	if !ok {
		return Address{}, noAddress(s)
	}
	var a Address
	for len(steps) > 2 && steps[0].is("module") {
		a.Module = a.Module.Child(steps[1].name) + Module(steps[1].key)
		steps = steps[2:]
	}
	if len(steps) > 2 && steps[0].is("check") && steps[1].key == "" {
		a.Check, steps = steps[1].name, steps[2:]
		if !steps[0].is("data") {
			return Address{}, noAddress(s)
		}
	}
	if steps[0].is("data") || steps[0].is("ephemeral") {
		a.Data, a.Ephemeral, steps = true, steps[0].is("ephemeral"), steps[1:]
	}
	if len(steps) != 2 || steps[0].key != "" || steps[0].name == "module" {
		return Address{}, noAddress(s)
	}
	a.Kind, a.Name, a.Key = steps[0].name, steps[1].name, steps[1].key
	return a, nil
}

func noAddress(s string) error {
	return fmt.Errorf(`%q is no address; an address looks like key.orders, alias.app["eu"], data.encrypt.config or module.billing.key.orders`, s)
}

// step is one identifier between dots with its instance key in canonical spelling.
type step struct{ name, key string }

func (s step) is(word string) bool { return s.name == word && s.key == "" }

// split reads identifiers between dots, each with at most one instance key.
func split(s string) ([]step, bool) {
	steps := make([]step, 0, 4)
	for {
		end := strings.IndexAny(s, ".[")
		if end < 0 {
			end = len(s)
		}
		next := step{name: s[:end]}
		if !isIdentifier(next.name) {
			return nil, false
		}
		if s = s[end:]; strings.HasPrefix(s, "[") {
			var ok bool
			if next.key, s, ok = instanceKey(s); !ok {
				return nil, false
			}
		}
		steps = append(steps, next)
		if s == "" {
			return steps, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = s[1:]
	}
}

// isIdentifier is HCL's rule; its scanner is asked only for what is not plain ASCII.
func isIdentifier(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && c != '-' && (c < '0' || c > '9')) {
			return hclsyntax.ValidIdentifier(s)
		}
	}
	return s != ""
}

// plainKey is the length of a quoted instance key that is written as WithKey renders it and holds nothing to escape, as
// nearly all are; 0 when it is another.
func plainKey(s string) int {
	if !strings.HasPrefix(s, `["`) {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && strings.HasPrefix(s[i:], `"]`):
			return i + 2
		case c == '"', c == '\\', c < ' ', c > '~':
			return 0
		}
	}
	return 0
}

// instanceKey reads a quoted text or a number in brackets from the front of s.
func instanceKey(s string) (key, rest string, ok bool) {
	if end := plainKey(s); end > 0 {
		return s[:end], s[end:], true
	}
	inner := s[1:]
	if strings.HasPrefix(inner, `"`) {
		quoted, err := strconv.QuotedPrefix(inner)
		if err != nil {
			return "", "", false
		}
		text, err := strconv.Unquote(quoted)
		rest, ok = strings.CutPrefix(inner[len(quoted):], "]")
		return "[" + strconv.Quote(text) + "]", rest, ok && err == nil
	}
	digits, rest, ok := strings.Cut(inner, "]")
	n, err := strconv.ParseUint(digits, 10, 31)
	return "[" + strconv.FormatUint(n, 10) + "]", rest, ok && err == nil
}
