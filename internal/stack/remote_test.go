package stack

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// remoteModule is a module whose state lies on a GitLab of its own.
func remoteModule(t *testing.T, encryption string) (*gitlab.Server, Module, Options) {
	t.Helper()
	s := gitlab.New(t)
	s.Locks, s.Versions = true, true
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, s.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	text := `kmsplan {
  backend "http" {
    address       = "` + s.URL + `/state"
    lock_address  = "` + s.URL + `/state/lock"
    lock_method   = "POST"
    unlock_method = "DELETE"
    ca_file       = "` + ca + `"
  }
` + encryption + `
}
gateway "dev" {
  emulator {}
}
key "k" {
  description = "canary-description"
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"KMSPLAN_HTTP_USERNAME=" + gitlab.User, "KMSPLAN_HTTP_PASSWORD=" + gitlab.Password}
	return s, Module{Dir: dir, Env: env}, Options{Env: env}
}

func TestARemoteStateIsEncryptedOrNotInWords(t *testing.T) {
	s, m, o := remoteModule(t, "")
	_, err := Init(t.Context(), m, o, Backend{})
	if err == nil || !strings.Contains(err.Error(), "how it is encrypted") || s.Writes() != 0 {
		t.Errorf("without a word about encryption: %v, %d writes", err, s.Writes())
	}
	_, m, o = remoteModule(t, "encryption {\n enabled = false\n}")
	if _, err := Open(m, o); err == nil || !strings.Contains(err.Error(), "not prepared") {
		t.Errorf("before init: %v", err)
	}
	done, err := Init(t.Context(), m, o, Backend{})
	if err != nil || len(done.Backend) != 1 || !strings.Contains(done.Backend[0], "lock's id") {
		t.Fatalf("init: %+v, %v", done, err)
	}
	st, err := OpenState(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.Read(context.Background()); err != nil {
		t.Error(err)
	}
}
