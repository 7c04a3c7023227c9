package clientkey

import (
	"testing"
)

func TestKeyResource(t *testing.T) {
	for in, want := range map[string]string{
		"key-1": "key-1", "alias/a": "alias/a", "acs:kms:cn-hangzhou:1:key/key-1": "key-1",
		"acs:kms:cn-hangzhou:1:alias/a/b": "alias/a/b", "": "",
	} {
		if got := keyResource(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
