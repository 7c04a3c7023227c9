package stack_test

import (
	"strings"
	"testing"
)

// TestAPlanKnowsOfFilesBeforeTheirKeyIs is case S12: the key is new, and the plan says all the same that a source is
// missing or is a pattern.
func TestAPlanKnowsOfFilesBeforeTheirKeyIs(t *testing.T) {
	for source, want := range map[string]string{"missing.txt": "missing.txt does not exist", "*.txt": "pattern"} {
		r := newRig(t, strings.ReplaceAll(keyAndFile, "a.txt", source))
		r.write("b.txt", "one")
		p := r.plan(r.open())
		if u := p.Unusable(); len(u) != 1 || !strings.Contains(u[0].Problem, want) {
			t.Errorf("of %s the plan says %+v", source, u)
		}
	}
}
