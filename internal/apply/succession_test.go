package apply_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// succeededStack is a key that gets a successor when its spec changes, and what follows that: two aliases, a rotation policy,
// and a secret, which stays.
const succeededStack = `
gateway "dev" {
  region = "cn-hangzhou"
  emulator {}
}
variable "password" {
  type      = string
  sensitive = true
}
key "a" {
  spec                = "Aliyun_%[2]s"
  description         = "first"
  deletion_protection = true
  tags                = { team = "a" }
  lifecycle { on_immutable_change = "succeed" }
}
alias "a" {
  name = "alias/run-%[1]d"
  key  = key.a.id
}
alias "b" {
  name = "alias/run-%[1]d-b"
  key  = key.a.id
}
rotation_policy "p" {
  interval = "90d"
  keys     = [key.a.id]
}
secret "s" {
  name           = "run-%[1]d"
  value          = var.password
  encryption_key = key.a.id
}`

// A run that gives a key a successor is killed before and after each of its calls and writes, and the one that picks up after
// that dies as well: there is one successor and its predecessor, both are known, and nothing is left to do.
func TestACrashWhileAKeyIsSucceededLosesNothing(t *testing.T) {
	server := emulatortest.New(t)
	ready, err := json.Marshal(server.Ready())
	if err != nil {
		t.Fatal(err)
	}
	step := 3
	switch {
	case os.Getenv(statetest.Long) != "":
		step = 1
	case testing.Short():
		step = 17
	}
	runs := 0
	for n := 1; ; n += step {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, readyName), ready, 0o600); err != nil {
			t.Fatal(err)
		}
		old := successionAt(t, dir, n, "AES_256")
		if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), fmt.Appendf(nil, succeededStack, n, "SM4"), 0o600); err != nil {
			t.Fatal(err)
		}
		died := crash(t, dir, fmt.Sprintf("*:%d", n))
		if died {
			crash(t, dir, fmt.Sprintf("*:%d", n%7+1))
		}
		successionAt(t, dir, n, "SM4").precededBy(old)
		if t.Failed() {
			t.Fatalf("after a crash at point %d", n)
		}
		if !died {
			break
		}
		runs++
	}
	t.Logf("%d runs died", runs)
	if runs < 3 {
		t.Errorf("only %d runs died", runs)
	}
}

// succeeded is the stack at rest.
type succeeded struct {
	t    *testing.T
	e    *emulated
	n    int
	keys map[string]map[string]string // the stack's by their tags
	key  state.Resource
}

// successionAt applies the stack with a spec, when no request of a dead run can arrive any more, until nothing is left to do.
func successionAt(t *testing.T, dir string, n int, spec string) succeeded {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), fmt.Appendf(nil, succeededStack, n, spec), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := openEmulated(dir, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.apply(t.Context()); err != nil {
		t.Fatalf("at point %d: %v", n, err)
	}
	if p, err := e.plan(t.Context()); err != nil || !p.Empty() || p.Differs() {
		t.Errorf("another plan: %+v, %v", p, err)
	}
	st, _, err := e.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := succeeded{t: t, e: e, n: n}
	s.key, _ = state.Find(st, "key.a")
	s.keys, err = e.manager.ListTagResources(t.Context(), kms.KindKey, kms.TagQuery{Tags: map[string]string{plan.TagOwner: st.Lineage}})
	if err != nil || len(st.Resources) != 5 {
		t.Fatalf("%d objects in state, %v", len(st.Resources), err)
	}
	return s
}

// precededBy fails unless the key is the one successor of another, which is usable, and what follows a key followed it.
func (s succeeded) precededBy(old succeeded) {
	s.t.Helper()
	if len(s.keys) != 2 || s.keys[s.key.ID] == nil || s.keys[old.key.ID] == nil || s.key.ID == old.key.ID {
		s.t.Errorf("the service has the keys %v of this stack, and the state %s after %s", s.keys, s.key.ID, old.key.ID)
	}
	if p := s.key.Predecessors; len(p) != 1 || p[0].ID != old.key.ID {
		s.t.Errorf("the predecessors are %+v", p)
	}
	for id, spec := range map[string]string{s.key.ID: "Aliyun_SM4", old.key.ID: "Aliyun_AES_256"} {
		if k, err := s.e.manager.DescribeKey(s.t.Context(), id); err != nil || k.Spec != spec || k.State != kms.StateEnabled || !k.DeletionProtection {
			s.t.Errorf("%s is %+v, %v", id, k, err)
		}
	}
	aliases, err := s.e.manager.ListAliases(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	follow := 0
	for _, a := range aliases {
		if a.KeyID == s.key.ID {
			follow++
		}
		if a.KeyID == old.key.ID {
			s.t.Errorf("%s still points to the predecessor", a.Name)
		}
	}
	if follow != 2 {
		s.t.Errorf("%d aliases follow", follow)
	}
	secret, err := s.e.manager.DescribeSecret(s.t.Context(), fmt.Sprint("run-", s.n))
	if err != nil || secret.EncryptionKeyID != old.key.ID {
		s.t.Errorf("the secret is %+v, %v", secret, err)
	}
}
