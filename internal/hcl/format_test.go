package hcl

import (
	"strings"
	"testing"
)

func TestFormatIsCanonicalAndKeepsComments(t *testing.T) {
	src := "\ufeff# top\nkey   \"a\"{ # why\ndescription=\"x\"   // after\n  spec  = \"Aliyun_AES_256\"\n/* end */\n}\n\n\n"
	want := `# top
key "a" {           # why
  description = "x" // after
  spec        = "Aliyun_AES_256"
  /* end */
}
`
	got, diags := Format([]byte(src), "a.kms.hcl")
	if string(got) != want || len(diags) > 0 {
		t.Errorf("%s\n%s", got, shown(diags))
	}
}

func TestFormatLeavesWhatItCannotReadAlone(t *testing.T) {
	for name, src := range map[string]string{"a.kms.hcl": "key \"a\" {", "b.kms.hcl": "\xff", "c.kms.hcl": strings.Repeat("[", 1000)} {
		got, diags := Format([]byte(src), name)
		if string(got) != src || !diags.HasErrors() {
			t.Errorf("%s: %q, %s", name, got, shown(diags))
		}
	}
	if got, diags := Format([]byte(`{ "a":1}`), "a.kms.json"); string(got) != `{ "a":1}` || len(diags) > 0 {
		t.Errorf("%s %s", got, shown(diags))
	}
	if got, _ := Format(nil, "a.kms.hcl"); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
