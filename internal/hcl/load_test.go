package hcl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// inModule writes files into a fresh directory and loads it.
func inModule(t testing.TB, files map[string]string, in Inputs) (*Config, hclv2.Diagnostics) {
	t.Helper()
	in.Dir = t.TempDir()
	for name, text := range files {
		writeFile(t, filepath.Join(in.Dir, name), text)
	}
	return Load(in)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheDesignsExampleLoads(t *testing.T) {
	src, err := os.ReadFile("testdata/design.kms.hcl")
	if err != nil {
		t.Fatal(err)
	}
	c, diags := inModule(t, map[string]string{"main.kms.hcl": string(src)}, Inputs{
		Version: "0.1.0",
		Vars:    []Assignment{{Name: "client_key_password", Value: "pw"}, {Name: "db_password", Value: "hunter2"}},
	})
	for _, d := range diags {
		t.Error(d)
	}
	var order []string
	for _, b := range c.Blocks {
		order = append(order, b.Addr.String())
		if _, diags := c.Body(b.Addr, NewObjectMap()); len(diags) > 0 {
			t.Error(shown(diags))
		}
	}
	want := "key.orders alias.orders rotation_policy.quarterly secret.db_password data.encrypt.app_config data.decrypt.app_config data.rewrap.archive"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order %s", got)
	}
}

func TestModulesThatCannotBeRead(t *testing.T) {
	deep := strings.Repeat("(", 100_000)
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"empty":            {map[string]string{"readme.txt": ""}, "There are no *.kms.hcl files in"},
		"hidden only":      {map[string]string{".x.kms.hcl": ""}, "There are no *.kms.hcl files in"},
		"not UTF-8":        {map[string]string{"a.kms.hcl": "key \"a\" {\n  description = \"\xff\"\n}"}, "a.kms.hcl is not UTF-8"},
		"json not UTF-8":   {map[string]string{"a.kms.json": "{\"\xff\": 1}"}, "a.kms.json is not UTF-8"},
		"too large":        {map[string]string{"a.kms.hcl": strings.Repeat("#\n", maxSource)}, "larger than 32 MiB"},
		"deep brackets":    {map[string]string{"a.kms.hcl": "locals {\n a = " + deep}, "Nested too deep"},
		"deep negation":    {map[string]string{"a.kms.hcl": "locals {\n a = " + strings.Repeat("!", 100_000) + "true\n}"}, "Nested too deep"},
		"long chain":       {map[string]string{"a.kms.hcl": "locals {\n a = 1" + strings.Repeat("+1", 100_000) + "\n}"}, "Nested too deep"},
		"long conditional": {map[string]string{"a.kms.hcl": "locals {\n a = " + strings.Repeat("true ? 1 : ", 100_000) + "1\n}"}, "Nested too deep"},
		"deep indexes":     {map[string]string{"a.kms.hcl": "locals {\n a = [1]" + strings.Repeat("[0]", 100_000) + "\n}"}, "Nested too deep"},
		"deep blocks":      {map[string]string{"a.kms.hcl": strings.Repeat("a {\n", 100_000)}, "Nested too deep"},
		"deep template":    {map[string]string{"a.kms.hcl": "locals {\n a = \"" + strings.Repeat("%{ if true }", 100_000) + "\"\n}"}, "Nested too deep"},
		"deep json":        {map[string]string{"a.kms.json": strings.Repeat("[,", 100_000)}, "cannot be read as JSON"},
		"deep json value":  {map[string]string{"a.kms.json": "{\"locals\": {\"a\": " + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}}"}, "Nested too deep"},
		"deep json string": {map[string]string{"a.kms.json": "{\"locals\": {\"a\": \"${" + deep + "}\"}}"}, "Nested too deep"},
		"huge number":      {map[string]string{"a.kms.hcl": "locals {\n a = 1e999999999\n}"}, "Number too large"},
		"huge json number": {map[string]string{"a.kms.json": "{\"locals\": {\"a\": 1e999999999}}"}, "Number too large"},
		"deep variable":    {map[string]string{"a.kms.hcl": "", "kmsplan.kmsvars.hcl": "a = " + deep}, "Nested too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			config, diags := inModule(t, c.files, Inputs{})
			if config == nil || !diags.HasErrors() || !strings.Contains(shown(diags), c.want) {
				t.Errorf("%q is not in\n%.2000s", c.want, shown(diags))
			}
		})
	}
	if _, diags := Load(Inputs{Dir: filepath.Join(t.TempDir(), "nope")}); !strings.Contains(shown(diags), "-chdir=DIR") {
		t.Error(shown(diags))
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a.kms.hcl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, diags := Load(Inputs{Dir: dir}); !strings.Contains(shown(diags), "no *.kms.hcl files") {
		t.Error(shown(diags))
	}
}

// What editors on other systems write is read: byte order marks and carriage returns.
func TestByteOrderMarksAndCarriageReturns(t *testing.T) {
	c, diags := inModule(t, map[string]string{
		"a.kms.hcl":  "\ufefflocals {\r\n  a = 1\r\n}\r\noutput \"v\" { value = local.a + local.b }\r\n",
		"b.kms.json": "\ufeff{\"locals\": {\"b\": 2}}",
	}, Inputs{})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	if v, _ := c.OutputValue("v", nil); !v.RawEquals(cty.NumberIntVal(3)) {
		t.Error(v)
	}
}

// Large but flat files are no attack.
func TestFlatFilesAreNotTooDeep(t *testing.T) {
	var b strings.Builder
	b.WriteString("locals {\n  list = [\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "    { name = \"k%d\", on = true && !false || a.b.c[0] == 1 ? -1 : 2 }, [1, 2], f(1)[0],\n", i)
	}
	b.WriteString("  ]\n  text = \"" + strings.Repeat("${a}${b} %{ if a }x%{ else }y%{ endif }", 2000) + "\"\n}\n")
	if diags := checkDepth([]byte(b.String()), "a"); diags.HasErrors() {
		t.Error(shown(diags))
	}
}

func TestUnreadableFilesAreNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads every file")
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.kms.hcl"), "")
	if err := os.Chmod(filepath.Join(dir, "a.kms.hcl"), 0); err != nil {
		t.Fatal(err)
	}
	if _, diags := Load(Inputs{Dir: dir}); !strings.Contains(shown(diags), "Make the file readable") {
		t.Error(shown(diags))
	}
}
