package rights

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// transition is an apply that the printed policy has to be enough for: what there is, and what is wanted.
type transition struct {
	name, before string
	after        string
	idle         []string           // printed for what others may do meanwhile: TestThePrintedPolicyIsEnoughAndTheLeast shows that it is needed
	world        func(p *permitted) // what others did before
	command      []string           // apply unless it is said
}

const (
	iamKey    = "key \"k\" {\n  description = \"one\"\n}\n"
	iamAsym   = "key \"k\" {\n  spec = \"RSA_2048\"\n  usage = \"SIGN/VERIFY\"\n  lifecycle {\n    on_immutable_change = \"succeed\"\n  }\n}\n"
	iamAlias  = "alias \"k\" {\n  name = \"alias/k\"\n  key = key.k.id\n}\n"
	iamSecret = "secret \"s\" {\n  name = \"s\"\n  value = sensitive(\"first\")\n  encryption_key = key.k.id\n}\n"
	iamRule   = "network_rule \"r\" {\n  name = \"r\"\n  source_private_ip = [\"10.0.0.0/8\"]\n}\n"
	iamPolicy = "access_policy \"d\" {\n  name = \"d\"\n  permissions = [\"RbacPermission/Template/CryptoServiceKeyUser\"]\n  resources = [\"key/*\"]\n  network_rules = [network_rule.r.name]\n}\n"
	iamPoint  = "application_access_point \"a\" {\n  name = \"a\"\n  description = \"one\"\n  policies = [access_policy.d.name]\n}\n"
	iamRds    = "secret \"m\" {\n  name = \"m\"\n  type = \"Rds\"\n  value = sensitive(jsonencode({ Accounts = [{ AccountName = \"a\", AccountPassword = \"first\" }] }))\n" +
		"  extended_config = { SecretSubType = \"SingleUser\", DBInstanceId = \"rm-1\" }\n  custom_data = { stage = \"one\" }\n  encryption_key = key.k.id\n}\n"
	iamFiles = "data \"encrypt\" \"e\" {\n  key = key.k.id\n  source = \"plain\"\n  output = \"kept/a.enc\"\n}\n"
	iamOwner = "jsonencode({ Version = \"1\", Statement = [{ Effect = \"Allow\", Principal = { RAM = [\"acs:ram::1234567890123456:*\"] }, Action = [\"kms:*\"], Resource = [\"*\"] }] })"
	iamGone  = "removed {\n  from = %s\n  action = \"%s\"\n%s}\n"
	iamBold  = "kmsplan {\n  limits {\n    deletions = 3\n  }\n}\n"
)

// transitions are stacks of every kind of object, made, changed, taken up and taken away.
func transitions() []transition {
	whileOthers := []string{"kms:CancelKeyDeletion", "kms:RestoreSecret", "kms:UpdateKeyDescription", "kms:CreateSecret", "kms:PutSecretValue", "kms:GenerateDataKey", "kms:CreateAlias", "kms:UpdateAlias"}
	return []transition{
		{name: "the first apply", after: iamKey + "alias \"k\" {\n  name = \"alias/k\"\n  key = key.k.id\n}\nrotation_policy \"p\" {\n  interval = \"90d\"\n  keys = [key.k.id]\n}\n" + iamSecret},
		{name: "the first apply of access", after: iamRule + iamPolicy + iamPoint},
		{name: "access that changes", before: iamRule + iamPolicy + iamPoint, after: strings.ReplaceAll(strings.ReplaceAll(iamRule+iamPolicy+iamPoint, "\"one\"", "\"two\""), "key/*", "key/a"),
			idle: []string{"kms:CreateNetworkRule", "kms:UpdateNetworkRule", "kms:CreatePolicy", "kms:CreateApplicationAccessPoint"}},
		{name: "access that goes", before: iamRule + iamPolicy + iamPoint, after: iamBold + fmt.Sprintf(iamGone, "application_access_point.a", "delete", "")},
		{name: "a managed secret", before: iamKey, after: iamKey + iamRds, idle: whileOthers},
		{name: "a managed secret that changes", before: iamKey + iamRds, after: iamKey + strings.ReplaceAll(iamRds, "\"one\"", "\"two\""), idle: whileOthers},
		{name: "policies", before: iamKey + iamSecret, after: strings.Replace(iamKey, "\"one\"\n", "\"one\"\n  policy = "+iamOwner+"\n", 1) + strings.Replace(iamSecret, "key.k.id\n", "key.k.id\n  policy = "+iamOwner+"\n", 1),
			idle: whileOthers},
		{name: "what is removed", before: iamKey + iamSecret + "alias \"k\" {\n  name = \"alias/k\"\n  key = key.k.id\n  lifecycle {\n    prevent_destroy = false\n  }\n}\nkey \"l\" {\n  deletion_protection = true\n}\n",
			after: iamBold + iamKey + fmt.Sprintf(iamGone, "secret.s", "delete", "") + fmt.Sprintf(iamGone, "key.l", "retire", "  soak_days = 7\n"),
			idle:  append([]string{"kms:ScheduleKeyDeletion", "kms:SetDeletionProtection"}, whileOthers...)},
		{name: "a retirement that ends", before: iamKey + "key \"l\" {\n  deletion_protection = true\n}\n", after: iamBold + iamKey + fmt.Sprintf(iamGone, "key.l", "retire", "  soak_days = 0\n"),
			world: func(p *permitted) { p.root("apply", "-auto-approve") }, idle: append([]string{"kms:DisableKey"}, whileOthers...)},
		{name: "imports", after: iamKey + strings.Replace(iamSecret, "encryption_key = key.k.id", "", 1) + "import {\n  to = key.k\n  id = \"%s\"\n}\nimport {\n  to = secret.s\n  id = \"s\"\n}\n",
			idle: whileOthers},
		{name: "what is renamed", before: iamKey + iamSecret, after: strings.ReplaceAll(strings.ReplaceAll(iamKey+iamSecret, "\"k\" {", "\"n\" {"), "key.k.id", "key.n.id") + "moved {\n  from = key.k\n  to = key.n\n}\n",
			idle: whileOthers},
		{name: "a secret that is renamed", before: iamKey + iamSecret, after: iamKey + strings.Replace(iamSecret, "\"s\" {", "\"n\" {", 1) + "moved {\n  from = secret.s\n  to = secret.n\n}\n", idle: whileOthers},
		{name: "imported material", after: "key \"m\" {\n  origin = \"EXTERNAL\"\n  instance = null\n  material {\n    base64 = sensitive(base64encode(\"0123456789abcdef0123456789abcdef\"))\n  }\n}\n"},
		{name: "a successor", before: iamAsym + iamAlias, after: strings.Replace(iamAsym, "RSA_2048", "RSA_3072", 1) + iamAlias, idle: whileOthers},
		{name: "a file that is rewrapped", before: iamKey + iamFiles, after: iamKey + "data \"rewrap\" \"w\" {\n  key = key.k.id\n  source = \"kept/*.enc\"\n}\n", command: []string{"run"}, idle: []string{"kms:DescribeKey"}},
	}
}

// For stacks of every kind, made, changed, taken up and taken away, the printed policy is enough, and with any one action less
// something is refused.
func TestThePrintedPolicyIsTheLeastOfEveryStack(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many commands")
	}
	for _, c := range transitions() {
		t.Run(c.name, func(t *testing.T) { c.prove(t) })
	}
}

func (c transition) prove(t *testing.T) {
	if c.command == nil {
		c.command = []string{"apply", "-auto-approve"}
	}
	p := c.begin(t)
	d := p.policy(c.command[0])
	if err := p.server.Control().SaveSnapshot(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	start := p.dir
	fresh := func(t *testing.T) permitted {
		t.Helper()
		q := *p
		q.T, q.dir = t, t.TempDir()
		if err := os.CopyFS(q.dir, os.DirFS(start)); err != nil {
			t.Fatal(err)
		}
		if err := p.server.Control().LoadSnapshot(t.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		return q
	}
	whole := fresh(t)
	whole.allow(d)
	whole.as(whole.user.AccessKeyID, whole.user.AccessKeySecret, 0, c.command...)
	if t.Failed() {
		return
	}
	for i, s := range d.Statement {
		for _, action := range s.Action {
			t.Run(fmt.Sprint(action, " ", i), func(t *testing.T) {
				less := fresh(t)
				less.allow(without(d, i, action))
				if slices.Contains(c.idle, action) {
					return
				}
				less.refused(s.Resource, c.command...)
			})
		}
	}
}

// refused runs a command that something is refused to.
func (p *permitted) refused(on []string, args ...string) {
	p.Helper()
	c := clitest.Command(p.T, p.dir, nil, args...)
	c.Env = append(os.Environ(), append(c.Env, "ALIBABA_CLOUD_ACCESS_KEY_ID="+p.user.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+p.user.AccessKeySecret)...)
	said, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "NoPermission") {
		p.Errorf("on %v it is superfluous: %v\n%s", on, err, said)
	}
}

// begin brings about what there is, and writes what is wanted.
func (c transition) begin(t *testing.T) *permitted {
	server := emulatortest.New(t)
	ready := server.Ready()
	p := &permitted{T: t, server: server, dir: t.TempDir()}
	ca, err := os.ReadFile(ready.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	p.write("ca.pem", string(ca))
	p.write("plain", "plain")
	gateway, _, _ := strings.Cut(permittedStack, "variable")
	gateway = fmt.Sprintf(gateway, ready.Public.HTTPS, ready.Instance.ID, ready.Instance.Endpoint)
	p.write("main.kms.hcl", gateway+c.before)
	if c.before != "" {
		p.root("apply", "-auto-approve")
	}
	after := c.after
	if strings.Contains(after, "import {") {
		id := p.root("kms", "CreateKey", "-dkms-instance-id", ready.Instance.ID, "-description", "theirs", "-json")
		_, id, _ = strings.Cut(id, `"KeyId": "`)
		id, _, _ = strings.Cut(id, `"`)
		p.root("kms", "CreateSecret", "-secret-name", "s", "-version-id", "v1", "-secret-data-file", "plain")
		after = fmt.Sprintf(after, id)
	}
	p.write("main.kms.hcl", gateway+after)
	if c.command[0] == "run" {
		p.root("kms", "CreateKeyVersion", "-key-id", clitest.KeyID(p.root("state", "show", "-json", "key.k")))
	}
	if c.world != nil {
		c.world(p)
	}
	return p
}
