package view

import (
	"bytes"
	"testing"
)

// Grants are a script of SQL: a place is a comment whatever it is named, and the statements are lines of their own.
func TestGrantsAreAScript(t *testing.T) {
	var b bytes.Buffer
	term := &Terminal{Out: &b, Err: &b, Width: plainWidth}
	term.Granting("worker", []Granted{{"postgres://db/a\nDROP TABLE x;", []string{"GRANT 1;", "GRANT 2;"}}, {"b", []string{"GRANT 3;"}}})
	if got, want := b.String(), "-- postgres://db/a DROP TABLE x;\nGRANT 1;\nGRANT 2;\n-- b\nGRANT 3;\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
