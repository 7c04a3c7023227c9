package plan_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// The planner is pure: nothing below it speaks to a network. google/uuid, which
// names state's intents, reads interface addresses through package net and is the only one that may.
func TestPlannerImportsNoNetwork(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	forbidden := map[string]bool{"net/http": true, "crypto/tls": true, "net/rpc": true, "net/smtp": true}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if forbidden[p.ImportPath] || strings.Contains(p.ImportPath, "alibabacloud") || p.ImportPath == "kmsplan.dev/kmsplan/internal/kms" {
			t.Errorf("the planner depends on %s", p.ImportPath)
		}
		for _, im := range p.Imports {
			if im == "net" && p.ImportPath != "github.com/google/uuid" {
				t.Errorf("%s brings package net below the planner", p.ImportPath)
			}
		}
	}
	if seen < 50 {
		t.Fatalf("go list named %d packages only", seen)
	}
}
