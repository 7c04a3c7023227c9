package hcl

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	hclv2 "github.com/hashicorp/hcl/v2"
)

var update = flag.Bool("update", false, "write golden files anew")

// shown writes diagnostics the way golden files hold them.
func shown(diags hclv2.Diagnostics) string {
	var b strings.Builder
	for _, d := range diags {
		word := "Error"
		if d.Severity == hclv2.DiagWarning {
			word = "Warning"
		}
		fmt.Fprintf(&b, "%s: %s\n", word, d.Summary)
		if d.Subject != nil {
			fmt.Fprintf(&b, "  at %s\n", d.Subject)
		}
		fmt.Fprintf(&b, "  %s\n\n", strings.ReplaceAll(d.Detail, "\n", "\n  "))
	}
	return b.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what is reported (-file +now); go test -update writes it anew:\n%s", path, diff)
	}
}

// Every bad input is answered by all its diagnostics at once, each with a way forward.
func TestBadInputIsExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.kms.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad input", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), nativeSuffix)
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, diags := inModule(t, map[string]string{"main.kms.hcl": string(src)}, Inputs{Version: "0.1.0"})
			if !diags.HasErrors() {
				t.Error("a bad input passed")
			}
			for _, d := range diags {
				if strings.Contains(d.Summary+d.Detail, "hunter2") {
					t.Errorf("a secret is shown: %s", d)
				}
			}
			golden(t, strings.TrimSuffix(file, nativeSuffix)+".golden", shown(diags))
		})
	}
}
