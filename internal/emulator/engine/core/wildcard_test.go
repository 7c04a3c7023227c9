package core_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

func TestWildcard(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"kms:Encrypt", "kms:Encrypt", true},
		{"kms:Encrypt", "kms:Encrypted", false},
		{"*", "", true},
		{"kms:*", "kms:Encrypt", true},
		{"kms:*", "km", false},
		{"kms:*Key", "kms:DescribeKey", true},
		{"kms:*Key", "kms:DescribeKeys", false},
		{"a*b*c", "a-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"ab*bc", "abc", false},
		{"**", "x", true},
		{"", "x", false},
	} {
		if got := core.Wildcard(tc.pattern, tc.text); got != tc.want {
			t.Errorf("wildcard(%q, %q) = %v", tc.pattern, tc.text, got)
		}
	}
}
