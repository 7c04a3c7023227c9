package draft_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/draft"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// hostile are values that a writer gets wrong.
var hostile = []string{
	"", "plain", `"`, `\`, `\"`, "a\nb", "a\r\nb\t", "${x}", "%{if}", "$${x}", "%%{x}", "$$${", "$", "$$", "%", "${", "%{", "{$", `$"`, `%\`, "$%{", "%${",
	"<<EOT\nx\nEOT\n", "# no comment", "// none", "/*", "日本語", "é", "\u0000", "\u007f", "\u2028", "\ufeff", "🔑", "\U000e0001", "${\"${x}\"}", `\u0024{`, "a\u00adb",
}

// What is written comes back byte for byte.
func TestTextsComeBack(t *testing.T) {
	for _, s := range hostile {
		comesBack(t, s)
	}
}

func FuzzTextsComeBack(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 4000 {
			comesBack(t, s)
		}
	})
}

// comesBack writes a text as a description, as a comment and as a tag's name and value, and loads the file.
func comesBack(t *testing.T, s string) {
	t.Helper()
	text, err := draft.Text(s)
	if err != nil {
		if hcl.TextProblem(s) == nil {
			t.Errorf("%q is refused: %v", s, err)
		}
		return
	}
	b := draft.Block{Type: "locals"}
	b.Comment("a comment: %s", s)
	b.Set("text", text)
	tags, err := draft.Literal(cty.MapVal(map[string]cty.Value{s: cty.StringVal(s), "other": cty.StringVal("x")}))
	if err != nil {
		t.Fatal(err)
	}
	b.Set("tags", tags)
	out := draft.Block{Type: "output", Labels: []string{"text"}}
	out.Set("value", "local.text")
	keys := draft.Block{Type: "output", Labels: []string{"tags"}}
	keys.Set("value", "local.tags")
	source := draft.Source([]draft.Block{b, out, keys})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), source, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	if diags.HasErrors() {
		t.Fatalf("%q as\n%s: %v", s, source, diags)
	}
	if v, diags := cfg.OutputValue("text", hcl.NewObjectMap()); diags.HasErrors() || v.AsString() != s {
		t.Errorf("%q came back as %#v, from\n%s%v", s, v, source, diags)
	}
	v, diags := cfg.OutputValue("tags", hcl.NewObjectMap())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if got := v.AsValueMap()[s]; got == cty.NilVal || s != "other" && got.AsString() != s {
		t.Errorf("%q as the name of an element came back as %#v, from\n%s", s, v, source)
	}
	if again, _ := hcl.Format(source, "main.kms.hcl"); string(again) != string(source) {
		t.Errorf("%q is not in canonical layout:\n%s", s, source)
	}
}
