package hcl

import (
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
)

// The key of encryption is never one of this stack, also where it is named by a text: with the key gone, nothing
// would recognise a secret again.
func TestTheKeyOfEncryptionIsNoneThatTheStackDeclares(t *testing.T) {
	const stack = dev + `
variable "name" { default = "alias/own" }
key "k" {}
alias "own" {
  for_each = toset(["own", "other"])
  name     = "alias/${each.key}"
  key      = key.k.id
}
key "taken" {}
import {
  to = key.taken
  id = "key-123"
}
gateway "far" {
  region = "eu-central-1"
  public {}
}
`
	for key, own := range map[string]string{
		`"alias/own"`: `alias.own["own"]`, `var.name`: `alias.own["own"]`, `"alias/other"`: `alias.own["other"]`,
		`"acs:kms:cn-hangzhou:1234567890123456:alias/own"`: `alias.own["own"]`,
		`"key-123"`: "key.taken", `"acs:kms:cn-hangzhou:1234567890123456:key/key-123"`: "key.taken",
		`"alias/elsewhere"`: "", `"key-1234"`: "",
		"\"alias/own\"\n    gateway = gateway.far": "",
	} {
		_, diags := inModule(t, map[string]string{"main.kms.hcl": stack + "kmsplan {\n  encryption {\n    key = " + key + "\n  }\n}\n"}, Inputs{})
		if got := shown(diags); own == "" && diags.HasErrors() || own != "" && !strings.Contains(got, own+", which this stack itself declares") {
			t.Errorf("%s: %s", key, got)
		}
	}
}

// A recipient that cannot be one is found before anything is called, in its place, and is not repeated: it may be a private key.
func TestABadRecipientIsADiagnostic(t *testing.T) {
	const whole = "age16x9h4f49qtzfqdzfwus6ayyrg63l545cxngdae6q4k4nz4k5a3ds2ajgje"
	for _, bad := range []string{whole[:60], "age1canary", "AGE-SECRET-KEY-1CANARY"} {
		recipients := "\n  recipients = [\"" + whole + "\", \"" + bad + "\"]\n"
		for block, line := range map[string]int{
			"kmsplan {\n encryption {\n  key = \"alias/a\"" + recipients + " }\n}\n":                                 4,
			"data \"encrypt\" \"d\" {\n  key = \"alias/a\"\n  source = \"a\"\n  output = \"b\"" + recipients + "}\n": 5,
		} {
			_, diags := inModule(t, map[string]string{"main.kms.hcl": dev, "found.kms.hcl": block}, Inputs{})
			if len(diags.Errs()) != 1 || diags[0].Subject.Filename != "found.kms.hcl" || diags[0].Subject.Start.Line != line {
				t.Errorf("%s: %s", block, shown(diags))
				continue
			}
			if text := diags[0].Detail; !strings.Contains(text, "Recipient 2 is") || strings.Contains(text, bad) {
				t.Errorf("%s: %s", bad, text)
			}
		}
	}
}

// Saved plans are encrypted where the block says so, and a block that takes it back is a mistake.
func TestPlansAreEncryptedInWords(t *testing.T) {
	for block, want := range map[string]string{
		`key = "alias/a"`: "clear", "key = \"alias/a\"\n plan = true": "sealed", "enabled = false": "clear",
		"enabled = false\n plan = true": "Take one of the two out", "plan = true": "Missing key",
	} {
		cfg, diags := inModule(t, map[string]string{"main.kms.hcl": dev + "kmsplan {\n  encryption {\n    " + block + "\n  }\n}\n"}, Inputs{})
		got := shown(diags)
		if !diags.HasErrors() {
			got = map[bool]string{true: "sealed", false: "clear"}[cfg.Settings.Encryption.Plan]
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", block, got, want)
		}
	}
}

// What a reference to nothing names is told by the diagnostic's Extra, for those who decide by it.
func TestAReferenceToNothingNamesIt(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + "alias \"a\" {\n  name = \"alias/a\"\n  key = key.gone.id\n}\nrotation_policy \"r\" {\n  interval = \"90d\"\n  keys = [for k in [\"x\"] : key.lost[k].id]\n  depends_on = [secret.away]\n}\n"}, Inputs{})
	var found []string
	for _, d := range diags {
		if u, ok := d.Extra.(UnknownBlock); ok && d.Severity == hclv2.DiagError {
			found = append(found, u.Addr.String())
		}
	}
	if strings.Join(found, " ") != "key.gone key.lost secret.away" {
		t.Error(found, shown(diags))
	}
}

// What breaks a rule carries the rule's id.
func TestABrokenRuleIsNamed(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
key "sign" {
  spec  = "EC_P256"
  usage = "ENCRYPT/DECRYPT"
}
rotation_policy "r" {
  interval = "90d"
  keys     = [key.sign.id]
}
`}, Inputs{})
	var broken []string
	for _, d := range diags {
		if r, ok := d.Extra.(RuleBroken); ok {
			broken = append(broken, r.ID)
		}
	}
	if strings.Join(broken, " ") != "key-usage-fits-spec key-rotates" {
		t.Error(broken, shown(diags))
	}
}
