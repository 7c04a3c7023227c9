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
	out := hclwrite.Format(text)
	if trimmed := bytes.TrimRight(out, "\n"); len(trimmed) < len(out) || len(out) > 0 {
		out = append(trimmed, '\n')
	}
	return out, diags
}
