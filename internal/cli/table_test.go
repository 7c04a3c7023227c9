package cli

import (
	"slices"
	"testing"
)

// A path is anything: it is no formula for a spreadsheet, no cell of its own in Markdown, and no second row.
func TestTablesHoldAnyCell(t *testing.T) {
	a := table{[]string{"FILE", "KEY"}, [][]string{{"=cmd()", "a\nb"}, {`q",`, "|<b>"}}}
	if got, want := csvLines(a), []string{"file,key", `'=cmd(),a\nb`, `"q"",",|<b>`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got, want := markdownLines("T", a)[4:6], []string{"| =cmd() | a b |", `| q", | \|&lt;b> |`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := markdownLines("T", table{}); got != nil {
		t.Errorf("%q", got)
	}
	b := joined("x", a, "y", table{[]string{"KEY", "MORE"}, [][]string{{"k", "m"}}})
	if !slices.Equal(b.head, []string{"TYPE", "FILE", "KEY", "MORE"}) || !slices.Equal(b.rows[2], []string{"y", "", "k", "m"}) || len(b.rows) != 3 {
		t.Errorf("%+v", b)
	}
}
