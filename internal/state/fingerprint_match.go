package state

// Match is what holding a value against a fingerprint said.
type Match int

// What it can say. A fingerprint that could not be compared is never a change, and never "no change".
const (
	NotCompared Match = iota
	Same
	Different
)

// Compare holds a value against the fingerprint, here and now.
func (f Fingerprint) Compare(value []byte) Match {
	switch ok, err := f.Verify(value); {
	case err != nil:
		return NotCompared
	case ok:
		return Same
	}
	return Different
}
