package view

import "fmt"

// Finding is one line of a doctor's report.
type Finding struct {
	Gateway string `json:"gateway"`
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
		t.Printf("%s  %s\n      %s\n", paint(t.Color, s, mark), neutral(fmt.Sprintf("gateway %q: %s", f.Gateway, f.Check)), neutral(f.Detail))
	}
}
