package kmstest

import (
	"strings"
	"testing"
)

func TestEveryLieChangesItsTruth(t *testing.T) {
	for _, c := range Truths {
		if len(c.Lies) == 0 || len(c.Lies)%2 != 0 {
			t.Errorf("%s has no lies, or half a one: %q", c.Operation, c.Lies)
		}
		for i := 0; i+1 < len(c.Lies); i += 2 {
			if strings.Replace(c.Answer, c.Lies[i], c.Lies[i+1], 1) == c.Answer {
				t.Errorf("%s: %q changes nothing", c.Operation, c.Lies[i])
			}
		}
	}
}
