package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheDefectsOfTerraformHaveTests holds that the page of the provider's defects has every one of them, once and in order,
// each with what is done here and a proof. That the proofs exist is TestPagesPointToWhatExists's.
func TestTheDefectsOfTerraformHaveTests(t *testing.T) {
	const defects = 24
	docs, scripts := filepath.Join("..", "..", "docs"), filepath.Join("..", "..", "internal", "cli", "scripts", "declare", "testdata")
	found := 0
	for _, line := range strings.Split(read(t, filepath.Join(docs, "terraform-defects.md")), "\n") {
		if !strings.HasPrefix(line, "| D") {
			continue
		}
		found++
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if id := fmt.Sprintf("D%d", found); len(cells) != 4 || cells[0] != id {
			t.Errorf("the row of %s is %q", id, line)
			continue
		}
		proofs := proof.FindAllStringSubmatch(cells[3], -1)
		if len(proofs) == 0 {
			t.Errorf("%s has no test", cells[0])
		}
		for _, p := range proofs {
			tries := regexp.MustCompile(`(?m)^# ` + cells[0] + `\. `)
			if strings.HasPrefix(p[1], "terraform-defects-") && !tries.MatchString(read(t, filepath.Join(scripts, p[1]))) {
				t.Errorf("%s is not tried in %s", cells[0], p[1])
			}
		}
	}
	if found != defects {
		t.Errorf("%d defects, of %d", found, defects)
	}
	if !strings.Contains(read(t, filepath.Join(docs, "onboarding.md")), "](terraform-defects.md)") {
		t.Error("onboarding.md does not lead to them")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
