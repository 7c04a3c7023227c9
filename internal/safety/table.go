package safety

import "slices"

// Switch names a safety.
type Switch string

// Safety is a row of the table.
type Safety struct {
	Switch   Switch
	Protects string // a sentence: what does not happen because of it
	Package  string // of the test: internal/…
	Test     string // that fails without it, with what the names of the subtests that do begin with: TestName/its na
}

// Table is every safety that has a switch, by package.
func Table() []Safety {
	return slices.Concat(storage(), disk(), planning(), calling(), gateway(), files(), clientKeys(), module(), workspaces(), onboarding(), transfers(), batches(), sources(), rows(), ossBatches())
}
