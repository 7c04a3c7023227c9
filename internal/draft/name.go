package draft

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/addr"
)

// Names gives blocks names that are letters, digits, _ and -, each of a kind once.
type Names map[addr.Address]bool

// Name makes an address for an object that is called name, with a number where another has it.
func (n Names) Name(kind, name string) addr.Address {
	name = Identifier(name)
	a := addr.Resource(kind, name)
	for i := 2; n[a]; i++ {
		a = addr.Resource(kind, fmt.Sprintf("%s_%d", name, i))
	}
	n[a] = true
	return a
}

// maxIdentifier bounds a name, in bytes.
const maxIdentifier = 64

// Identifier turns a name of the service into one of the language: what it cannot have becomes _.
func Identifier(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case b.Len() >= maxIdentifier:
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	out := strings.Trim(b.String(), "_-")
	switch {
	case out == "":
		out = "unnamed"
	case out[0] >= '0' && out[0] <= '9':
		out = "_" + out
	}
	if !hclsyntax.ValidIdentifier(out) {
		out = "n_" + strings.TrimLeft(out, "_")
	}
	return out
}
