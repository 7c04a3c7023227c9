package view

import (
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// TestDiagnosticsQuoteNoSecret holds that the source line under a diagnostic shows no secret, for people and in JSON.
func TestDiagnosticsQuoteNoSecret(t *testing.T) {
	for file, line := range map[string]string{
		"main.kms.hcl":             `secret "s" { value = "canary-\"x\"" }`,
		"open.kms.hcl":             `  value = "canary`,
		"key.kms.hcl":              `  password = "canary"`,
		"var.kms.hcl":              `  default="canary"`,
		"main.kms.json":            `{"secret":{"s":{"name":"s","value":"canary","key":"k"}}}`,
		"kmsplan.kmsvars.hcl":      `password = "canary`,
		"x.auto.kmsvars.json":      `{"password": "canary"}`,
		"prod.vars":                `password = file("canary`,
		"heredoc.auto.kmsvars.hcl": `canary`,
	} {
		src := []byte(line)
		parsed, _ := hclsyntax.ParseConfig(src, file, hclv2.InitialPos)
		if parsed == nil {
			parsed = &hclv2.File{Bytes: src}
		}
		files := map[string]*hclv2.File{file: parsed}
		diags := hclv2.Diagnostics{{
			Severity: hclv2.DiagError, Summary: "Wrong", Subject: &hclv2.Range{Filename: file, Start: hclv2.InitialPos, End: hclv2.Pos{Line: 1, Column: len(line) + 1, Byte: len(line)}},
		}}
		text := printed(78, false, func(term *Terminal) { term.Diagnostics(diags, files) })
		json := printed(78, false, func(term *Terminal) { NewDocument(term, "1").Validated(diags, files) })
		for _, shown := range []string{text, json} {
			if strings.Contains(shown, "canary") || !strings.Contains(shown, hidden) {
				t.Errorf("%s: the line %q is shown as:\n%s", file, line, shown)
			}
		}
	}
	if got := quotable("main.kms.hcl", `  name = "orders"`); got != `  name = "orders"` {
		t.Errorf("an ordinary line is quoted as %q", got)
	}
	if got := quotable("main.kms.json", strings.Repeat("é", 1000)); len(got) > maxQuoted+5 {
		t.Errorf("a long line is quoted with %d bytes", len(got))
	}
}
