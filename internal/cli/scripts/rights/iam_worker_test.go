package rights

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

const workersModule = `
key "k" {}
alias "k" {
  name = "alias/k"
  key  = key.k.id
}
batch "b" {
  action = "%s"
  key    = alias.k.name
  source {
    files {
      path = "archive"
    }
  }
  limits {
    max_failures = 0
  }
}
`

// With the policy that iam prints for it, a worker ends a batch of every action on every kind of gateway, and with any one action
// less something is refused.
func TestAWorkersPolicyIsEnoughAndTheLeast(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many commands")
	}
	for kind, gateway := range clitest.Gateways {
		for _, action := range []string{"rewrap", "reencrypt", "encrypt", "verify"} {
			t.Run(kind+"/"+action, func(t *testing.T) { proveWorker(t, gateway, action) })
		}
	}
}

func proveWorker(t *testing.T, gateway, action string) {
	p := begunBatch(t, gateway, action)
	d := p.policy("worker")
	before := t.TempDir()
	if err := os.CopyFS(before, os.DirFS(p.dir)); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Control().SaveSnapshot(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	fresh := func(t *testing.T) permitted {
		t.Helper()
		q := *p // in its own place: a batch is of the directory that it was planned for
		if err := errors.Join(os.RemoveAll(q.dir), os.CopyFS(q.dir, os.DirFS(before))); err != nil {
			t.Fatal(err)
		}
		if err := p.server.Control().LoadSnapshot(t.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		return q
	}
	if strings.Contains(gateway, "emulator") || strings.Contains(gateway, "client_key") { // a client key signs the rest
		want := "kms:DescribeKey kms:ListKeyVersions"
		if len(d.Statement) != 1 || strings.Join(d.Statement[0].Action, " ") != want {
			t.Errorf("the policy is %+v, and %s would do", d, want)
		}
	}
	whole := fresh(t)
	whole.allow(d)
	whole.as(whole.user.AccessKeyID, whole.user.AccessKeySecret, 0, "worker", "-once")
	if said := whole.root("batch", "status", "batch.b"); !strings.Contains(said, "is done: 2 of 2 objects") || !strings.Contains(said, " 0 failed") {
		t.Fatalf("with the whole policy: %s", said)
	}
	for i, s := range d.Statement {
		for _, one := range s.Action {
			less := fresh(t)
			less.allow(without(d, i, one))
			less.attach(less.user.AccessKeyID, less.user.AccessKeySecret)
			c := clitest.Command(t, less.dir, nil, "batch", "start", "-auto-approve", "batch.b") // which pauses a batch that stands still, and does what a worker does
			c.Env = append(os.Environ(), append(c.Env, "ALIBABA_CLOUD_ACCESS_KEY_ID="+less.user.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+less.user.AccessKeySecret)...)
			said, err := c.CombinedOutput()
			refused := strings.Contains(string(said), "NoPermission") || strings.Contains(string(said), " 2 failed")
			if one == tellsLater && err != nil || one != tellsLater && (err == nil || !refused) {
				t.Errorf("without %s on %v: %v\n%s", one, s.Resource, err, said)
			}
		}
	}
}

// tellsLater tells which versions came after the target. Without it a batch ends as well: an object that is under a later one costs
// the calls to find that out.
const tellsLater = "kms:ListKeyVersions"

// begunBatch is a batch that runs, of two objects, with a rotation between them and it.
func begunBatch(t *testing.T, gateway, action string) *permitted {
	server := emulatortest.New(t)
	ready := server.Ready()
	p := &permitted{T: t, server: server, dir: t.TempDir(), attached: strings.Contains(gateway, "ready_file")}
	for name, from := range map[string]string{"ca.pem": ready.CAFile, "ck.json": ready.Instance.ClientKeyFile} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		p.write(name, string(text))
	}
	t.Setenv("KMSPLAN_VAR_password", ready.Instance.ClientKeyPassword)
	gateway = strings.NewReplacer("PUBLIC", ready.Public.HTTPS, "INSTANCE", ready.Instance.Endpoint, "ID", ready.Instance.ID).Replace(gateway)
	p.write("main.kms.hcl", gateway+fmt.Sprintf(workersModule, action))
	p.root("apply", "-auto-approve")
	if err := os.Mkdir(filepath.Join(p.dir, "archive"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"archive/1.txt", "archive/2.txt"} {
		p.write(name, "order")
		if action != "encrypt" {
			p.root("encrypt", "-key", "alias/k", name)
			if err := os.Remove(filepath.Join(p.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if action != "encrypt" {
		p.root("rotate", "-auto-approve", "key.k")
	}
	p.as(p.server.Ready().AccessKeyID, p.server.Ready().AccessKeySecret, 1, "batch", "start", "-input=false", "batch.b")
	p.root("batch", "resume", "batch.b")
	return p
}
