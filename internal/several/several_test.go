package several

import (
	"errors"
	"io"
	"testing"
)

func TestErrReadsAsItselfOrAsAList(t *testing.T) {
	var none Errors
	none.Add(nil)
	if none.Err() != nil || none.Len() != 0 {
		t.Fatalf("nothing was added, got %v", none.Err())
	}
	var one Errors
	one.Add(io.EOF)
	if one.Err() != io.EOF {
		t.Fatalf("one error is itself, got %v", one.Err())
	}
	var two Errors
	two.Addf("key.a: %w", io.EOF)
	two.Add(errors.New("key.b: first\nsecond"))
	want := "2 errors:\n  - key.a: EOF\n  - key.b: first\n    second"
	if got := two.Err().Error(); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if !errors.Is(two.Err(), io.EOF) {
		t.Fatal("errors.Is does not look into the list")
	}
}
