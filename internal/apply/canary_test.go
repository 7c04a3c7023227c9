package apply_test

import (
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/state"
)

// canary is the secret value that must be found nowhere.
const canary = "canary-7f3a91-plaintext"

func TestASecretIsFoundNowhere(t *testing.T) {
	s := newStack(t, `
variable "password" {
  type      = string
  sensitive = true
}
secret "s" {
  name  = "db/password"
  value = var.password
}
output "p" {
  value     = var.password
  sensitive = true
}`)
	s.input.Hooks.Failed = func(_ apply.Step, out apply.Outcome) { checkClean(t, "an outcome", out.Err.Error()) }
	s.service.fault = func(operation, _ string) fault {
		if operation == "Follow" {
			return loseAnswer // the journal stays
		}
		return none
	}
	_, err := s.apply(t)
	if err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	checkClean(t, "the error", err.Error())
	seen := 0
	walk := func() {
		err := filepath.WalkDir(s.dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			seen++
			data, err := os.ReadFile(name)
			checkClean(t, name, string(data))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	walk()
	if _, err := os.Stat(s.store.Path() + ".journal"); err != nil {
		t.Error("there was no journal to look at")
	}
	s.service.fault = nil
	s.mustApply(t)
	walk()
	if seen < 8 {
		t.Errorf("only %d files were looked at", seen)
	}
	if got, ok := state.Find(s.state(t), "secret.s"); !ok || !got.Fingerprints["value"].Matches([]byte(canary)) {
		t.Errorf("the secret was not recorded: %+v", got)
	}
	if _, stored := s.state(t).Outputs["p"]; stored {
		t.Error("a sensitive output was stored")
	}
}

func checkClean(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary))} {
		if strings.Contains(text, form) {
			t.Errorf("%s holds the secret", where)
		}
	}
}
