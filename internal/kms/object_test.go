package kms

import (
	"strings"
	"testing"
)

func TestObjectsAreShownPrintable(t *testing.T) {
	for in, want := range map[string]string{"key-1": "key-1", "a\nb\x1b[31m": "a?b?[31m", "schlüssel": "schlüssel"} {
		if got := ObjectOf(map[string]any{"KeyId": in}); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := ObjectOf(map[string]any{"KeyId": strings.Repeat("x", 1000)}); len(got) != 256 {
		t.Error(len(got))
	}
}
