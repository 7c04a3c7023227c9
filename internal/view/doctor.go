package view

import (
	"fmt"
	"strings"
)

// Finding is one line of a doctor's report.
type Finding struct {
	Gateway string `json:"gateway"` // "" = it is about the state
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Detail  string `json:"detail"`
}

// Findings prints a doctor's report.
func (t *Terminal) Findings(list []Finding) {
	for _, f := range list {
		mark, s := "ok  ", green
		if !f.OK {
			mark, s = "FAIL", red
		}
		head := f.Check
		if f.Gateway != "" {
			head = fmt.Sprintf("gateway %q: %s", f.Gateway, f.Check)
		}
		t.tell("%s  %s\n      %s\n", paint(t.Color, s, mark), neutral(head), strings.ReplaceAll(neutral(f.Detail), "\n", "\n      "))
	}
}
