package document

import "fmt"

// maxSteps is how many steps all paths of a document may have together. Every value's path is held and goes into the
// MAC: without a limit a small file of deep nesting could cost the square of its length, before anything is proved.
const maxSteps = 8 << 20

// depth counts the steps of paths while a file is parsed.
type depth struct{ steps int }

// enter counts a path; where it is refused, nothing more of the file should be looked at.
func (d *depth) enter(p Path) *Refusal {
	if d.steps += len(p); len(p) > maxDepth {
		return &Refusal{Why: fmt.Sprintf("lists and maps stand in each other more than %d deep; encrypt the file whole, without -values", maxDepth)}
	}
	if d.steps > maxSteps {
		return &Refusal{Why: "the file has too many values that are nested too deep to be sealed one by one; encrypt it whole, without -values"}
	}
	return nil
}
