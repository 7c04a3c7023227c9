package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// completion is the least that makes an example of the documentation something to apply.
type completion struct {
	before string            // what is applied first
	more   string            // blocks beside the example
	files  map[string]string // what it reads
	script string            // commands between before and the example
	after  string            // commands after it
	// unapplied says why the example is only validated.
	unapplied string
}

const emulatorGateway = "gateway \"dev\" {\n  emulator {}\n}\n"

// keyElsewhere makes a key of the instance with an alias, as somebody else does.
const keyElsewhere = `exec sh -c 'I=$(kmsplan kms ListKmsInstances -json | sed -n "s/.*\"KmsInstanceId\": \"\(.*\)\".*/\1/p"); ID=$(kmsplan kms CreateKey -dkms-instance-id $I -json | sed -n "s/.*\"KeyId\": \"\(.*\)\".*/\1/p" | head -n 1); kmsplan kms CreateAlias -alias-name alias/kmsplan -key-id $ID'
`

// emulatorElsewhere runs an emulator that the module reaches as it would the service: at addresses, with a CA, a client key
// and the credentials of a profile.
const emulatorElsewhere = `exec kmsplan emulator serve -memory -ready-file ready.json &serve&
exec sh -c 'for i in $(seq 600); do test -s ready.json && exit 0; sleep 0.05; done; exit 1'
exec sh -ec 'eval "$(kmsplan emulator env -ready-file ready.json)"; cp "$KMSPLAN_EMULATOR_CA_FILE" ca.pem; cp "$(sed -n "s/.*\"client_key_file\": *\"\([^\"]*\)\".*/\1/p" ready.json)" clientKey.json; mkdir -p .aliyun; printf "{\"current\":\"platform\",\"profiles\":[{\"name\":\"platform\",\"mode\":\"AK\",\"access_key_id\":\"%s\",\"access_key_secret\":\"%s\"}]}" "$ALIBABA_CLOUD_ACCESS_KEY_ID" "$ALIBABA_CLOUD_ACCESS_KEY_SECRET" > .aliyun/config.json; chmod 600 .aliyun/config.json clientKey.json; printf "public = \"%s\"\ninstance = { id = \"%s\", endpoint = \"%s\", file = \"clientKey.json\", password = \"%s\" }\n" "$KMSPLAN_EMULATOR_HTTPS" $(sed -n "/\"instance\"/,/}/s/.*\"\(id\|endpoint\|client_key_password\)\": *\"\([^\"]*\)\".*/\2/p" ready.json) > kmsplan.kmsvars.hcl'
env ALIBABA_CLOUD_ACCESS_KEY_ID=
env ALIBABA_CLOUD_ACCESS_KEY_SECRET=
`

// completions are the examples that do not stand alone, by heading and number below it. All others are applied
// as they are.
var completions = map[string]completion{
	"A first look 1":        {files: map[string]string{"config/app.yaml": "a: 1\n"}},
	"Settings: `kmsplan` 1": {more: emulatorGateway + "key \"k\" {}\n"},
	"Settings: `kmsplan` 2": {before: emulatorGateway, script: keyElsewhere, more: "key \"k\" {}\n"},
	"Inputs: `variable` 1":  {more: emulatorGateway + "key \"k\" {\n  tags = { team = var.team, every = var.rotation.interval }\n}\n"},
	"Names for values: `locals` 1": {
		more: emulatorGateway + "key \"k\" {\n  for_each    = local.names\n  description = each.value\n}\n",
	},
	"Secrets in a configuration 1": {script: "env KMSPLAN_VAR_db_password=opensesame-1234\n"},
	"Versions and stages 1":        {script: "env KMSPLAN_VAR_db_password=opensesame-1234\n"},
	"Imported key material 1":      {files: map[string]string{"secrets/byok.key": "an-example-of-material-32-bytes\n"}},
	"Managed secrets 1":            {script: "env KMSPLAN_VAR_access_key_secret=opensesame-1234\n"},
	"Leaving, renaming, adopting: `removed`, `moved`, `import` 1": {
		before: emulatorGateway + "kmsplan {\n  limits {\n    deletions = 5\n  }\n}\nkey \"legacy\" {}\nkey \"compromised\" {}\nkey \"s\" {}\nsecret \"old\" {\n  name           = \"old\"\n  encryption_key = key.s.id\n  generate {\n    length = 32\n  }\n}\n",
		more:   "kmsplan {\n  limits {\n    deletions = 5\n  }\n}\nkey \"s\" {}\n",
	},
	"Leaving, renaming, adopting: `removed`, `moved`, `import` 2": {
		before: emulatorGateway + "key \"order_db\" {}\nalias \"orders\" {\n  name = \"alias/orders\"\n  key  = key.order_db.id\n}\n",
		script: "exec kmsplan state rm alias.orders\n",
	},
	"Blocks of another directory: `module` 1": {files: map[string]string{
		"config/app.yaml":          "a: 1\n",
		"modules/team/policy.json": `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1234567890123456:*"]},"Action":["kms:*"],"Resource":["*"]}]}` + "\n",
	}},
	"A key with all its arguments 1": {script: "env KMSPLAN_VAR_material=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"},
	"Secrets with all their arguments 1": {
		script: "env KMSPLAN_VAR_keystore=AAECAwQF\nenv KMSPLAN_VAR_database_password=opensesame-1234\n",
	},
	"Access of applications with all its arguments 1": {script: "env KMSPLAN_VAR_client_key_password=Opensesame_1234\n"},
	"Files that share a data key 1":                   {files: map[string]string{"config/app.yaml": "password: opensesame-1234\npassword_hint: a fairy tale\nport: 5432\n"}},
	"Modules of a number, in an order, on other gateways 1": {
		script: "env KMSPLAN_VAR_password=opensesame-1234\n", files: map[string]string{"seed.json": "{\"keys\": [{\"id\": \"key-hzz0000000000000seeded\", \"description\": \"older\"}]}\n"},
	},
	"Imports of many, and from another stack 1": {
		before: emulatorGateway + "key \"main\" {}\nalias \"all\" {\n  for_each = toset([\"orders\", \"billing\"])\n  name     = \"alias/${each.key}\"\n  key      = key.main.id\n}\n",
		script: "exec kmsplan state rm alias.all\n",
	},
	"Settings of what is shared and sealed 1": {before: emulatorGateway, script: keyElsewhere},
	"A gateway at addresses of its own 1":     {script: emulatorElsewhere, files: map[string]string{"config/app.yaml": "a: 1\n"}, after: "kill -INT serve\nwait serve\n"},
	"Aliases 1": {
		before: emulatorGateway + "key \"old\" {\n  instance = null\n}\nkey \"orders\" {}\nalias \"orders\" {\n  name = \"alias/orders\"\n  key  = key.old.id\n}\n",
		script: "exec kmsplan state rm alias.orders\n", more: emulatorGateway + "key \"old\" {\n  instance = null\n}\nkey \"orders\" {}\n",
	},
	"Data blocks: files 1":              {files: map[string]string{"config/app.yaml": "a: 1\n"}},
	"Data blocks: lookups 1":            {files: map[string]string{"config/app.yaml": "a: 1\n"}},
	"Accounts and regions: `gateway` 1": {unapplied: "it names an account's own instance on the public service"},
}

// mayBeUnapplied holds the number of examples that are only validated: it may fall.
const mayBeUnapplied = 1

// Case W3. Every example of the documentation is planned and applied on the emulator, and is no change afterwards.
func TestTheDocumentationsExamplesApply(t *testing.T) {
	if testing.Short() {
		t.Skip("plans and applies all that docs/ shows")
	}
	dir := t.TempDir()
	names, _ := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	used := map[string]bool{}
	for _, name := range append(names, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		examples, modules := hclExamples(string(text))
		for key, source := range examples {
			used[key] = true
			file := fmt.Sprintf("%s-%d.txtar", strings.TrimSuffix(filepath.Base(name), ".md"), len(used))
			if err := os.WriteFile(filepath.Join(dir, file), []byte(completions[key].of(key, source, modules)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(used) < 14 {
		t.Fatalf("only %d examples were found", len(used))
	}
	unapplied := 0
	for _, key := range slices.Sorted(maps.Keys(completions)) {
		if !used[key] {
			t.Errorf("there is no example %q any more", key)
		}
		if completions[key].unapplied != "" {
			unapplied++
		}
	}
	if unapplied > mayBeUnapplied {
		t.Errorf("%d examples are not applied, and at most %d may be", unapplied, mayBeUnapplied)
	}
	clitest.Scripts(t, dir)
}

// of is the script that applies an example.
func (c completion) of(key, source string, modules map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", key)
	if c.before != "" {
		b.WriteString("cp before.hcl main.kms.hcl\nexec kmsplan apply -auto-approve\n")
	}
	b.WriteString(c.script + "cp example.hcl main.kms.hcl\nexec kmsplan validate\n")
	if c.unapplied == "" {
		b.WriteString("exec kmsplan plan -out saved\nexec kmsplan apply -auto-approve saved\ncode 0 kmsplan plan -detailed-exitcode\n")
	}
	b.WriteString(c.after)
	fmt.Fprintf(&b, "-- example.hcl --\n%s%s", source, c.more)
	if c.before != "" {
		fmt.Fprintf(&b, "-- before.hcl --\n%s", c.before)
	}
	for _, files := range []map[string]string{c.files, modules} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
		}
	}
	return b.String()
}

// hclExamples are the blocks of configuration in a document, by heading and number below it, and the files of modules
// that examples call, by their names.
func hclExamples(text string) (out, modules map[string]string) {
	out, modules, heading, n := map[string]string{}, map[string]string{}, "", 0
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		switch {
		case strings.HasPrefix(line, "#"):
			heading, n = strings.TrimLeft(line, "# "), 0
		case line == "```hcl":
			n++
			out[fmt.Sprintf("%s %d", heading, n)], text, _ = strings.Cut(text, "```")
		case strings.HasPrefix(line, "```hcl "):
			modules[strings.TrimPrefix(line, "```hcl ")], text, _ = strings.Cut(text, "```")
		case strings.HasPrefix(line, "```"):
			_, text, _ = strings.Cut(text, "\n```")
		}
	}
	return out, modules
}
