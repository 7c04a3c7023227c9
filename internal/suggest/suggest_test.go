package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	commands := []string{"apply", "decrypt", "init", "kms", "output", "plan", "recover", "state", "validate"}
	attributes := []string{"description", "spec", "usage", "tags", "id"}
	tests := []struct {
		given, want string
		names       []string
	}{
		{"descripton", "description", attributes},
		{"DESCRIPTION", "description", attributes},
		{"descirpiton", "description", attributes},
		{"tag", "tags", attributes},
		{"sepc", "spec", attributes},
		{"idd", "id", attributes},
		{"xyz", "", attributes},
		{"x", "", attributes},
		{"", "", attributes},
		{"cn-hangzou", "cn-hangzhou", []string{"cn-shanghai", "cn-hangzhou"}},
		{"lan", "plan", commands},
		{"stat", "state", commands},
		// Case W2: words that are no slips of anything.
		{"drift", "", commands},
		{"rotate", "", commands},
		{"secret", "", commands},
	}
	for _, test := range tests {
		if got := Nearest(test.given, test.names); got != test.want {
			t.Errorf("%q: suggested %q, want %q", test.given, got, test.want)
		}
	}
}

func TestNearestOfEquallyNearIsTheFirst(t *testing.T) {
	if got := Nearest("ky", []string{"kya", "kyb"}); got != "kya" {
		t.Errorf("suggested %q", got)
	}
}

func TestNearestLooksNoFurtherThanItCanAfford(t *testing.T) {
	many := make([]string, maxNames+1)
	for i := range many {
		many[i] = "plan"
	}
	long := strings.Repeat("a", maxLength+1)
	if Nearest("plam", many) != "" || Nearest(long, []string{long + "b"}) != "" {
		t.Error("a suggestion was looked for without bound")
	}
}

func TestClause(t *testing.T) {
	if got := Clause("plam", []string{"plan"}); got != "; did you mean plan?" {
		t.Errorf("%q", got)
	}
	if got := Clause("xyz", []string{"plan"}); got != "" {
		t.Errorf("%q", got)
	}
}
