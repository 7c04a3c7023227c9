package tfstate

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/draft"
)

// RemovedSource is a file for Terraform that lets go of addresses and leaves their objects as they are.
func RemovedSource(addresses []string) []byte {
	var blocks []draft.Block
	for _, a := range addresses {
		if !plain(a) {
			continue // no name that Terraform has
		}
		life := draft.Block{Type: "lifecycle"}
		life.Set("destroy", "false")
		b := draft.Block{Type: "removed", Blocks: []draft.Block{life}}
		b.Set("from", draft.Expr(a))
		blocks = append(blocks, b)
	}
	return draft.Source(blocks)
}

// plain reports whether an address is made of names and dots only.
func plain(a string) bool {
	for name := range strings.SplitSeq(a, ".") {
		if !hclsyntax.ValidIdentifier(name) {
			return false
		}
	}
	return true
}

// keyless is an address without the keys of instances, in whatever module: removed blocks have none.
func keyless(address string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case depth > 0 && c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
