package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/iam"
)

// permitted is a stack on gateways that RAM users come to.
type permitted struct {
	*testing.T
	server *emulator.Server
	dir    string
	user   control.UserKey
	// attached = an emulator gateway: credentials come from its ready file.
	attached bool
}

const permittedStack = `
gateway "dev" {
  region = "cn-hangzhou"
  public {
    endpoint = "%s"
    ca_file  = "ca.pem"
  }
  instance {
    id       = "%s"
    endpoint = "%s"
    ca_file  = "ca.pem"
  }
}
variable "value" {
  type      = string
  sensitive = true
  default   = "first-value"
}
key "orders" {
  description = "one"
  tags        = { team = "a" }
}
key "spare" {}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
rotation_policy "q" {
  interval = "90d"
  keys     = [key.orders.id]
}
secret "db" {
  name           = "db"
  value          = var.value
  encryption_key = key.orders.id
}
network_rule "lan" {
  name              = "lan"
  source_private_ip = ["10.0.0.0/8"]
}
data "encrypt" "f" {
  key    = alias.orders.name
  source = "plain"
  output = "out.enc"
}
data "decrypt" "f" {
  source = data.encrypt.f.output
  output = "back"
}
`

func permittedOn(t *testing.T) *permitted {
	server := emulatortest.New(t)
	ready := server.Ready()
	p := &permitted{T: t, server: server, dir: t.TempDir()}
	ca, err := os.ReadFile(ready.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	p.write("ca.pem", string(ca))
	p.write("main.kms.hcl", fmt.Sprintf(permittedStack, ready.Public.HTTPS, ready.Instance.ID, ready.Instance.Endpoint))
	p.write("plain", "plain")
	p.as(ready.AccessKeyID, ready.AccessKeySecret, 0, "apply", "-auto-approve")
	return p
}

func (p *permitted) write(name, text string) {
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// as runs a command with an AccessKey.
func (p *permitted) as(id, secret string, code int, args ...string) string {
	p.Helper()
	p.attach(id, secret)
	c := clitest.Command(p.T, p.dir, nil, args...)
	c.Env = append(os.Environ(), append(c.Env, "ALIBABA_CLOUD_ACCESS_KEY_ID="+id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+secret)...)
	text, err := c.CombinedOutput()
	if c.ProcessState == nil {
		p.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != code {
		p.Errorf("%v: exit %d, want %d\n%s", args, got, code, text)
	}
	return string(text)
}

// attach lets an emulator gateway come with an AccessKey.
func (p *permitted) attach(id, secret string) {
	p.Helper()
	if !p.attached {
		return
	}
	ready := p.server.Ready()
	ready.AccessKeyID, ready.AccessKeySecret = id, secret
	text, err := json.Marshal(ready)
	if err != nil {
		p.Fatal(err)
	}
	p.write("ready.json", string(text))
}

// root is the account itself.
func (p *permitted) root(args ...string) string {
	p.Helper()
	return p.as(p.server.Ready().AccessKeyID, p.server.Ready().AccessKeySecret, 0, args...)
}

// allow gives the user a policy.
func (p *permitted) allow(d iam.Document) {
	p.Helper()
	text, err := json.Marshal(d)
	if err == nil {
		p.user, err = p.server.Control().AddUser(context.Background(), control.User{Name: "ci", Policies: []string{string(text)}})
	}
	if err != nil {
		p.Fatal(err)
	}
}

// policy is what iam prints.
func (p *permitted) policy(purpose string) (d iam.Document) {
	p.Helper()
	c := clitest.Command(p.T, p.dir, nil, "iam", "-for", purpose)
	text, err := c.Output()
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil || d.Version != "1" || len(d.Statement) == 0 {
		p.Fatalf("%v\n%s", err, text)
	}
	return d
}

// without leaves one action of one statement out.
func without(d iam.Document, statement int, action string) iam.Document {
	d.Statement = slices.Clone(d.Statement)
	s := &d.Statement[statement]
	s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
	if len(s.Action) == 0 {
		d.Statement = slices.Delete(d.Statement, statement, statement+1)
	}
	return d
}

// With the printed policy a command passes, and with any one action less it fails: nothing in it is superfluous. What apply may
// have to do is made necessary, one action after the other, by what others did to the objects.
func TestThePrintedPolicyIsEnoughAndTheLeast(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many commands")
	}
	p := permittedOn(t)
	id := clitest.KeyID(p.root("state", "show", "-json", "key.orders"))
	other := clitest.KeyID(p.root("state", "show", "-json", "key.spare"))
	written := 0
	touch := func() { written++; p.write("plain", fmt.Sprint("plain ", written)) }
	kms := func(args ...string) func() { return func() { p.root(append([]string{"kms"}, args...)...) } }
	tag := func(op string, more ...string) func() {
		return kms(append([]string{op, "-resource-type", "key", "-resource-id", `["` + id + `"]`}, more...)...)
	}
	// The world in which apply needs the action; the others are what any plan reads.
	worlds := map[string]func(){
		"kms:CancelKeyDeletion":    kms("ScheduleKeyDeletion", "-key-id", id, "-pending-window-in-days", "7"),
		"kms:CreateAlias":          kms("DeleteAlias", "-alias-name", "alias/orders"),
		"kms:UpdateAlias":          kms("UpdateAlias", "-alias-name", "alias/orders", "-key-id", other),
		"kms:UpdateKeyDescription": kms("UpdateKeyDescription", "-key-id", id, "-description", "theirs"),
		"kms:TagResources":         tag("UntagResources", "-tag-key", `["team"]`),
		"kms:UntagResources":       tag("TagResources", "-tag", `[{"Key":"theirs","Value":"x"}]`),
		"kms:UpdateRotationPolicy": kms("UpdateRotationPolicy", "-key-id", id, "-enable-automatic-rotation=false"),
		"kms:RestoreSecret":        kms("DeleteSecret", "-secret-name", "db"),
		"kms:CreateSecret":         kms("DeleteSecret", "-secret-name", "db", "-force-delete-without-recovery", "true"),
		"kms:PutSecretValue":       func() { p.Setenv("KMSPLAN_VAR_value", fmt.Sprint("value ", written)); written++ },
		"kms:UpdateNetworkRule":    kms("UpdateNetworkRule", "-name", "lan", "-description", "", "-source-private-ip", `["10.9.0.0/16"]`),
		"kms:CreateNetworkRule":    kms("DeleteNetworkRule", "-name", "lan"),
		"kms:GenerateDataKey":      touch, "kms:Decrypt": touch,
	}
	for _, command := range [][]string{{"plan"}, {"run"}, {"apply", "-auto-approve"}} {
		d := p.policy(command[0])
		try := func(d iam.Document, code int) {
			p.Helper()
			p.allow(d)
			p.as(p.user.AccessKeyID, p.user.AccessKeySecret, code, command...)
		}
		touch()
		try(d, 0)
		for i, s := range d.Statement {
			for _, action := range s.Action {
				t.Run(strings.Join([]string{command[0], action, fmt.Sprint(i)}, " "), func(t *testing.T) {
					q := *p
					q.T = t
					if command[0] == "run" && action == "kms:DescribeKey" {
						q.seesRotation(id, d, without(d, i, action))
						return
					}
					if world := worlds[action]; strings.HasSuffix(s.Resource[0], other) && action == "kms:CancelKeyDeletion" {
						kms("ScheduleKeyDeletion", "-key-id", other, "-pending-window-in-days", "7")()
					} else if command[0] == "apply" && world != nil {
						world()
					} else if command[0] == "run" {
						touch()
					}
					q.allow(without(d, i, action))
					if said := q.as(q.user.AccessKeyID, q.user.AccessKeySecret, 1, command...); !strings.Contains(said, "NoPermission") {
						t.Errorf("it does not say what is missing:\n%s", said)
					}
					if command[0] == "apply" {
						p.root("recover")
						try(d, 0) // the whole policy puts it right
					}
				})
			}
		}
	}
}

// seesRotation shows what a run without DescribeKey does not do: it passes, and cannot tell that the key was rotated.
func (p *permitted) seesRotation(key string, whole, less iam.Document) {
	p.root("run") // settled, whatever ran before
	p.root("kms", "CreateKeyVersion", "-key-id", key)
	p.allow(less)
	if said := p.as(p.user.AccessKeyID, p.user.AccessKeySecret, 0, "run"); strings.Contains(said, "wrote out.enc") {
		p.Errorf("kms:DescribeKey is superfluous:\n%s", said)
	}
	p.allow(whole)
	if said := p.as(p.user.AccessKeyID, p.user.AccessKeySecret, 0, "run"); !strings.Contains(said, "wrote out.enc") {
		p.Errorf("the rotation is not seen:\n%s", said)
	}
}
