package hcl

import (
	"bytes"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format rewrites a native-syntax file in canonical layout: indentation, alignment and
// spacing, one newline at the end, no byte order mark. Comments stay. A file that does not parse is returned as it is, with diagnostics; one in JSON
// syntax as it is.
func Format(src []byte, filename string) ([]byte, hclv2.Diagnostics) {
	file, diags := parseSource(src, filename)
	if file == nil || diags.HasErrors() || strings.HasSuffix(filename, ".json") {
		return src, diags
	}
	text := bytes.TrimPrefix(src, []byte("\ufeff"))
	for range maxPasses {
		out := layOut(text)
		if bytes.Equal(out, text) {
			break
		}
		text = out
	}
	return text, diags
}

// maxPasses bounds how often a file is laid out: hclwrite takes up to three passes until
// nothing changes any more.
const maxPasses = 5

func layOut(text []byte) []byte {
	out := bytes.TrimRight(hclwrite.Format(text), "\n")
	if len(bytes.TrimSpace(out)) == 0 {
		return nil
	}
	return append(out, '\n')
}
