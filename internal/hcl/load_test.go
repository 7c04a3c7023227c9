package hcl

import (
	"os"
	"path/filepath"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
)

// inModule writes files into a fresh directory and loads it.
func inModule(t testing.TB, files map[string]string, in Inputs) (*Config, hclv2.Diagnostics) {
	t.Helper()
	in.Dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(in.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(in)
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
	for _, b := range c.Blocks {
		t.Log(b.Addr, b.Gateway.Name, b.Instances)
		body, diags := c.Body(b.Addr, NewObjectMap())
		t.Log(body.Attrs, diags, c.DependsOn(b.Addr))
	}
}
