package view

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcled"
)

// DiagnosticJSON is one diagnostic in the form of Terraform's validate -json.
type DiagnosticJSON struct {
	Severity string       `json:"severity"` // error or warning
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail"`
	Address  string       `json:"address,omitempty"`
	Range    *RangeJSON   `json:"range,omitempty"`
	Snippet  *SnippetJSON `json:"snippet,omitempty"`
}

// RangeJSON is a place in a file; lines and columns count from 1, bytes from 0.
type RangeJSON struct {
	Filename string  `json:"filename"`
	Start    PosJSON `json:"start"`
	End      PosJSON `json:"end"`
}

// PosJSON is a position.
type PosJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// SnippetJSON is the source a diagnostic is about.
type SnippetJSON struct {
	Context              string `json:"context,omitempty"`
	Code                 string `json:"code"`
	StartLine            int    `json:"start_line"`
	HighlightStartOffset int    `json:"highlight_start_offset"`
	HighlightEndOffset   int    `json:"highlight_end_offset"`
	Values               []any  `json:"values"`
}

func diagnosticJSON(d *hclv2.Diagnostic, files map[string]*hclv2.File) DiagnosticJSON {
	out := DiagnosticJSON{Severity: "error", Summary: d.Summary, Detail: d.Detail}
	if d.Severity == hclv2.DiagWarning {
		out.Severity = "warning"
	}
	if d.Subject == nil {
		return out
	}
	r := *d.Subject
	out.Range = &RangeJSON{Filename: r.Filename, Start: PosJSON(r.Start), End: PosJSON(r.End)}
	f := files[r.Filename]
	if f == nil {
		return out
	}
	if lines := sourceLines(f.Bytes, r); len(lines) > 0 {
		before, marked, after := lines[0].quoted(r)
		out.Snippet = &SnippetJSON{
			Context: hcled.ContextString(f, r.Start.Byte), Code: before + marked + after, StartLine: lines[0].number,
			HighlightStartOffset: len(before), HighlightEndOffset: len(before) + len(marked), Values: []any{},
		}
	}
	return out
}

// validateJSON is the answer of validate -json: Terraform's format 1.0.
func validateJSON(diags hclv2.Diagnostics, files map[string]*hclv2.File) map[string]any {
	list, errors, warnings := []DiagnosticJSON{}, 0, 0
	for _, d := range sorted(diags) {
		if d.Severity == hclv2.DiagError {
			errors++
		} else {
			warnings++
		}
		list = append(list, diagnosticJSON(d, files))
	}
	return map[string]any{
		"format_version": "1.0", "valid": errors == 0, "error_count": errors, "warning_count": warnings, "diagnostics": list,
	}
}
