package addr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Address names one instance of a block.
type Address struct {
	Data bool   // a data block: data.<Kind>.<Name>
	Kind string // key, alias, rotation_policy, secret; encrypt, decrypt, rewrap for data
	Name string // the block's label
	Key  string // rendered instance key: `["eu"]`, `[0]`, or "" for a single block
}

// Resource addresses a managed object of a block without for_each.
func Resource(kind, name string) Address { return Address{Kind: kind, Name: name} }

// DataBlock addresses a data block without for_each.
func DataBlock(kind, name string) Address { return Address{Data: true, Kind: kind, Name: name} }

// WithKey returns the instance of a for_each block.
func (a Address) WithKey(key string) Address { a.Key = "[" + strconv.Quote(key) + "]"; return a }

// WithIndex returns the instance of a count block.
func (a Address) WithIndex(i int) Address { a.Key = "[" + strconv.Itoa(i) + "]"; return a }

// Block returns the address of the block the instance belongs to.
func (a Address) Block() Address { a.Key = ""; return a }

// String renders the address as the user writes it.
func (a Address) String() string {
	s := a.Kind + "." + a.Name + a.Key
	if a.Data {
		return "data." + s
	}
	return s
}

// Parse reads what String renders, and other spellings of the same instance key. Errors
// say what an address looks like.
func Parse(s string) (Address, error) {
	bad := fmt.Errorf(`%q is no address; an address looks like key.orders, alias.app["eu"] or data.encrypt.config`, s)
	rest, key, keyed := strings.Cut(s, "[")
	parts := strings.Split(rest, ".")
	a := Address{}
	if parts[0] == "data" {
		a.Data, parts = true, parts[1:]
	}
	if len(parts) != 2 || !hclsyntax.ValidIdentifier(parts[0]) || !hclsyntax.ValidIdentifier(parts[1]) {
		return Address{}, bad
	}
	a.Kind, a.Name = parts[0], parts[1]
	if !keyed {
		return a, nil
	}
	inner, closed := strings.CutSuffix(key, "]")
	if !closed {
		return Address{}, bad
	}
	return a.withParsedKey(inner, bad)
}

// withParsedKey takes what stands between the brackets: a quoted text or a number.
func (a Address) withParsedKey(inner string, bad error) (Address, error) {
	if strings.HasPrefix(inner, `"`) {
		text, err := strconv.Unquote(inner)
		if err != nil {
			return Address{}, bad
		}
		return a.WithKey(text), nil
	}
	n, err := strconv.ParseUint(inner, 10, 31)
	if err != nil {
		return Address{}, bad
	}
	return a.WithIndex(int(n)), nil
}
