package view

// Finding prints one line of a doctor's report.
func (t *Terminal) Finding(ok bool, check, detail string) {
	mark, s := "ok  ", green
	if !ok {
		mark, s = "FAIL", red
	}
	t.Printf("%s  %s\n      %s\n", paint(t.Color, s, mark), check, neutral(detail))
}
