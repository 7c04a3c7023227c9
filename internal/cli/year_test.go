package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// months are the chapters of the year. What each one tells is a golden file of its name: every plan, and whatever a person does about it.
var months = []struct {
	name string
	live func(y *year)
}{
	{"twenty-keys", func(y *year) {
		y.plans(2)
		for _, every := range []string{"daily", "weekly"} {
			y.write("copy", "mail of "+every)
			y.run(0, "encrypt", "-gateway=sh", "-key=alias/"+every+"/mail", "-o=copies/"+every+"/mail.enc", "copy")
		}
	}},
	{"descriptions-and-drift", func(y *year) {
		y.passes(31)
		y.edit("main.kms.hcl", `"Invoices"`, `"Invoices and receipts"`)
		y.edit("modules/vault/main.kms.hcl", "copies of ${each.key}", "copies of the ${each.key}")
		y.others("-gateway=hz", "UpdateKeyDescription", "-key-id", y.id(`module.team["orders"].key.data`), "-description", "Mine")
		y.others("-gateway=hz", "TagResource", "-key-id", y.id(`module.team["stock"].key.data`), "-tags", `[{"TagKey":"team","TagValue":"nobody"}]`)
		y.plans(2)
	}},
	{"renames", func(y *year) {
		y.passes(28)
		y.edit("modules/team/main.kms.hcl", `key "sign"`, `key "signature"`)
		y.edit("modules/team/main.kms.hcl", `"alias/${var.team}/data"`, `"alias/${var.team}/records"`)
		y.edit("main.kms.hcl", `module "vault"`, `module "copies"`)
		y.write("modules/team/moved.kms.hcl", "moved {\n  from = key.sign\n  to   = key.signature\n}\n")
		y.write("moved.kms.hcl", "moved {\n  from = module.vault\n  to   = module.copies\n}\n")
		y.plans(2)
	}},
	{"a-rotation", func(y *year) {
		y.passes(40)
		y.plans(2)
	}},
	{"a-rescue", func(y *year) {
		y.passes(20)
		y.others("-gateway=hz", "ScheduleKeyDeletion", "-key-id", y.id(`module.team["stock"].key.files`), "-pending-window-in-days", "30")
		y.others("-gateway=sh", "DisableKey", "-key-id", y.id(`module.copies["weekly"].key.vault["wiki"]`))
		y.passes(5)
		y.plans(2)
	}},
	{"a-successor", func(y *year) {
		y.passes(31)
		y.says(0, "refresh")
		y.edit("modules/team/main.kms.hcl", "Aliyun_AES_256", "${var.team == \"orders\" ? \"Aliyun_SM4\" : \"Aliyun_AES_256\"}")
		y.plans(2)
	}},
	{"a-secret-rollover", func(y *year) {
		y.passes(30)
		y.password("second")
		y.edit("modules/team/main.kms.hcl", "length = 32", "length = 40")
		y.plans(2)
	}},
	{"a-retirement", func(y *year) {
		y.passes(31)
		y.edit("modules/vault/main.kms.hcl", `"code", "mail", "wiki"`, `"code", "mail"`)
		y.plans(3)
		y.write("removed.kms.hcl", "removed {\n  from      = module.copies[\"daily\"].key.vault[\"wiki\"]\n  action    = \"retire\"\n  soak_days = 14\n}\nremoved {\n  from   = module.copies[\"weekly\"].key.vault[\"wiki\"]\n  action = \"forget\"\n}\n")
		left := y.id(`module.copies["weekly"].key.vault["wiki"]`)
		y.letsGoID(left, "forgotten")
		y.plans(2)
		y.says(0, "plan")
		y.says(0, "kms", "UntagResource", "-gateway", "sh", "-key-id", left, "-tag-keys", `["kmsplan:owner"]`)
	}},
	{"the-soak-is-over", func(y *year) {
		y.passes(7)
		y.rests()
		y.passes(8)
		y.letsGo(`module.copies["daily"].key.vault["wiki"]`, "retired")
		y.plans(2)
	}},
	{"a-foreign-version", func(y *year) {
		y.passes(31)
		y.write("theirs.txt", "rolled by hand")
		y.others("-gateway=hz", "PutSecretValue", "-secret-name", "billing/db", "-version-id", "by-hand", "-secret-data-file", "theirs.txt")
		y.plans(2)
		y.password("third")
		y.plans(3)
		y.says(0, "secret", "promote", `module.team["billing"].secret.db`, "by-hand", "-auto-approve")
		y.plans(2)
	}},
	{"a-gateway-renamed", func(y *year) {
		y.passes(5)
		y.edit("main.kms.hcl", `gateway "sh"`, `gateway "shanghai"`)
		y.edit("main.kms.hcl", "gateway.sh ", "gateway.shanghai ")
		y.plans(1)
		y.says(0, "state", "replace-gateway", "-auto-approve", "sh", "shanghai")
		y.rests()
	}},
	{"the-predecessor-goes", func(y *year) {
		y.passes(20)
		y.write("gone.kms.hcl", "removed {\n  from      = module.team[\"orders\"].predecessor.files\n  action    = \"retire\"\n  soak_days = 7\n}\n")
		y.letsGoID(y.predecessor(`module.team["orders"].key.files`), "retired")
		y.plans(2)
		y.passes(8)
		y.plans(2)
	}},
	{"the-year-ends", func(y *year) {
		y.passes(70)
		y.plans(2)
	}},
}

// Twenty keys in two modules and two regions through a year: every plan is read as a person would, after each month nothing is left to do,
// every file opens, and every key that there ever was is in state, precedes one that is, or was let go in words.
func TestAYear(t *testing.T) {
	y := newYear(t)
	for i, m := range months {
		lived := t.Run(m.name, func(t *testing.T) {
			y.t = t
			y.told.Reset()
			m.live(y)
			y.golden(filepath.Join("testdata", "year", fmt.Sprintf("%02d-%s.golden", i+1, m.name)))
			y.rests()
			y.everyFileOpens()
			y.everyKeyIsAccountedFor()
		})
		if !lived {
			return
		}
	}
	if len(y.all) != 22 || len(y.letGo) != 4 {
		t.Errorf("there were %d keys, and let go were %s", len(y.all), strings.Join(letGoOf(y), ", "))
	}
}
