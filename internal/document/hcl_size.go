package document

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// HCL's parser takes up to a kilobyte for each token, whatever its length. So many of them, and so long a file, sealed or
// not, stay below about a GiB of memory for everything that is done with the file.
const (
	maxHCL       = MaxSize
	maxHCLTokens = 1_000_000
	hclFirst     = 1 << 20
)

// hclTokens reads the tokens of a file: at first of a beginning, and each time of twice as much, so that one of too many is
// refused before all of them are in memory.
func hclTokens(src []byte) (hclsyntax.Tokens, hcl.Diagnostics, error) {
	if len(src) > maxHCL {
		return nil, nil, &Refusal{Why: fmt.Sprintf("HCL of %d bytes, and at most %d are read value by value; %s", len(src), maxHCL, hclWays)}
	}
	for size := hclFirst; ; size *= 2 {
		part := src[:min(size, len(src))]
		tokens, diags := hclsyntax.LexConfig(part, "", hcl.InitialPos)
		if len(tokens) > maxHCLTokens {
			r := refuse(src, tokens[maxHCLTokens].Range.Start.Byte, "HCL of more than %d words and signs, of which each takes up to a kilobyte of memory; %s", maxHCLTokens, hclWays)
			return nil, nil, r
		}
		if len(part) == len(src) {
			return tokens, diags, nil
		}
	}
}

const hclWays = "split the file, or encrypt it whole, without -values"
