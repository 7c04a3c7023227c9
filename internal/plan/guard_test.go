package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Every guard: what makes it fire, and the answer that makes it go away. The
// guard must fire before and not after, whatever else the plan says.
func TestGuards(t *testing.T) {
	ten := func(w *world) string {
		var b strings.Builder
		for i := range 12 {
			fmt.Fprintf(&b, "alias \"a%d\" {\n  name = \"alias/a%d\"\n  key = key.k.id\n}\n", i, i)
		}
		return "key \"k\" {}\n" + b.String()
	}
	tests := []struct {
		guard  string
		first  string         // applied
		world  func(w *world) // happens behind our back
		wrong  string         // planned: refused
		answer string         // planned: not refused by this guard
		fix    func(w *world) // the answer, when it is no edit
	}{
		{guard: plan.GuardKeyVanished, first: `key "k" {}`, wrong: ``, answer: `removed {
  from   = key.k
  action = "forget"
}`},
		{guard: plan.GuardKeyVanished, first: `key "k" { for_each = toset(["a", "b"]) }`, wrong: `key "k" { for_each = toset(["a"]) }`,
			answer: `key "k" { for_each = toset(["a", "b"]) }`},
		{guard: plan.GuardKeyVanished, first: ``, world: func(w *world) {
			w.state.Resources = append(w.state.Resources, state.Resource{Address: "hologram.x", Kind: "hologram", Gateway: "dev", ID: "1", Protected: true})
		}, wrong: ``, fix: func(w *world) { w.state.Resources = nil }},
		{guard: plan.GuardFrozen, first: `key "k" {}`, wrong: freeze("") + `key "k" { description = "new" }`,
			answer: freeze(`except = ["key.*"]`) + `key "k" { description = "new" }`},
		{guard: plan.GuardFrozen, first: `key "k" {}`, wrong: freeze(`except = ["key.k"]`) + "key \"k\" { description = \"new\" }\nkey \"other\" {}\n",
			answer: freeze("") + `key "k" {}`},
		{guard: plan.GuardSecretVanished, first: secret, wrong: ``, answer: `removed {
  from   = secret.s
  action = "forget"
}`},
		{guard: plan.GuardAliasVanished, first: `key "k" {}
alias "a" {
  name = "alias/a"
  key  = key.k.id
  lifecycle { prevent_destroy = true }
}`, wrong: `key "k" {}`, answer: `key "k" {}
removed {
  from   = alias.a
  action = "delete"
}`},
		{guard: plan.GuardPolicyVanished, first: `key "k" {}
rotation_policy "p" {
  interval = "90d"
  keys     = [key.k.id]
  lifecycle { prevent_destroy = true }
}`, wrong: `key "k" {}`, answer: `key "k" {}
removed {
  from   = rotation_policy.p
  action = "forget"
}`},
		{guard: plan.GuardAccessVanished, first: accessPoint, wrong: `key "k" {}`, answer: limits + `removed {
  from   = application_access_point.p
  action = "delete"
}`},
		{guard: plan.GuardNameTaken, first: `key "k" {}`, world: func(w *world) { w.live.Objects[plan.KindNetworkRule] = theirs(plan.KindNetworkRule, "lan") },
			wrong: networkRule, answer: networkRule + `import {
  to = network_rule.lan
  id = "lan"
}`},
		{guard: plan.GuardStillInUse, first: accessPoint, world: func(w *world) {
			w.live.Objects[plan.KindAccessPoint]["theirs"] = theirs(plan.KindAccessPoint, "theirs")["theirs"]
		}, wrong: limits + `removed {
  from   = application_access_point.p
  action = "delete"
}`, fix: func(w *world) { delete(w.live.Objects[plan.KindAccessPoint], "theirs") }},
		// Case S7, and its siblings: a block, a removal, a region, an instance.
		{guard: plan.GuardOtherGateway, first: `key "k" {}`, world: func(w *world) { w.state.Resources[0].Gateway = "other" },
			wrong: `key "k" {}`, fix: func(w *world) { w.state.Resources[0].Gateway = "dev" }},
		{guard: plan.GuardOtherGateway, first: `key "k" {}`, world: func(w *world) {
			w.state.Resources[0].Region, w.live.Objects["key"] = "cn-shanghai", map[string]*plan.Object{}
		}, wrong: `key "k" {}`, fix: func(w *world) { w.state.Resources[0].Region = "" }},
		{guard: plan.GuardOtherGateway, first: `key "old" {}`, world: func(w *world) {
			w.state.Resources[0].Region, w.live.Objects["key"] = "cn-shanghai", map[string]*plan.Object{}
		}, wrong: limits + retire, fix: func(w *world) { w.state.Resources[0].Region = "cn-hangzhou" }},
		{guard: plan.GuardOtherGateway, first: alias, world: func(w *world) { w.state.Resources[1].Region, w.live.Aliases = "cn-shanghai", nil },
			wrong: `key "k" {}`, fix: func(w *world) { w.state.Resources[1].Region = "cn-hangzhou" }},
		{guard: plan.GuardOtherGateway, first: `key "k" {}`, world: func(w *world) {
			w.live.InstanceID, w.live.Objects["key"] = "kst-other", map[string]*plan.Object{}
		}, wrong: `key "k" {}`, fix: func(w *world) { w.state.Resources = nil }},
		// Case P9, and its siblings: import, forged state, an adopted alias, a secret, a removal, a policy.
		{guard: plan.GuardOwnedElsewhere, first: ``, world: strangersKey, wrong: importStranger, answer: strings.Replace(importStranger, "id ", "take_over = \"lineage-2\"\n  id ", 1)},
		{guard: plan.GuardOwnedElsewhere, first: ``, world: func(w *world) {
			strangersKey(w)
			w.setState(w.live.Objects["key"]["key-0001"], plan.StatePendingDeletion)
		},
			wrong: importStranger, answer: strings.Replace(importStranger, "id ", "take_over = \"lineage-2\"\n  id ", 1)},
		{guard: plan.GuardOwnedElsewhere, first: ``, world: strangersKey, wrong: strings.Replace(importStranger, "id ", "take_over = \"lineage-3\"\n  id ", 1), answer: `key "k" {}`},
		{guard: plan.GuardOwnedElsewhere, first: `key "k" {}`, world: bindToStranger, wrong: `key "k" { description = "mine" }`, answer: `removed {
  from   = key.k
  action = "forget"
}`},
		{guard: plan.GuardOwnedElsewhere, first: `key "old" {}`, world: bindToStranger, wrong: limits + retire, fix: func(w *world) { w.live.Objects["key"]["key-0002"].Tags = nil }},
		{guard: plan.GuardOwnedElsewhere, first: ``, world: func(w *world) { strangersKey(w); w.live.Aliases["alias/a"] = "key-0001" },
			wrong: "alias \"a\" {\n  name = \"alias/a\"\n  key = \"key-0001\"\n}", answer: "alias \"a\" {\n  name = \"alias/b\"\n  key = \"key-0001\"\n}"},
		{guard: plan.GuardOwnedElsewhere, first: ``, world: func(w *world) {
			foreignSecret(w, time.Time{})
			w.live.Objects["secret"]["app/s"].Tags = plan.OwnerTags("lineage-2", addr.Resource("secret", "theirs"), "i")
		}, wrong: secret + importSecret, answer: secret + strings.Replace(importSecret, "id ", "take_over = \"lineage-2\"\n  id ", 1)},
		{guard: plan.GuardOwnedElsewhere, first: ``, world: strangersKey, wrong: strings.Replace(policy, "key.k.id", `"key-0001"`, 1),
			answer: strings.Replace(importStranger, "id ", "take_over = \"lineage-2\"\n  id ", 1) + policy},
		{guard: plan.GuardImmutable, first: `key "k" { spec = "Aliyun_AES_256" }`, wrong: `key "k" { spec = "Aliyun_SM4" }`, answer: `key "k" {}`},
		{guard: plan.GuardImmutable, first: `key "k" {}`, wrong: `key "k" { instance = null }`, answer: `key "k" { instance = gateway.dev.instance.id }`},
		{guard: plan.GuardImmutable, first: secret, wrong: strings.Replace(secret, "app/s", "app/t", 1), answer: secret},
		// What this stack itself keeps sealed: its state, past ones, the name by which the next is sealed.
		{guard: plan.GuardSealsState, first: `key "old" {}`, world: func(w *world) {
			w.sealed = []plan.Sealed{{What: "the states of serial 3, 4", Key: w.key("key.old").ID}}
		}, wrong: limits + retire, fix: func(w *world) { w.sealed = nil }},
		{guard: plan.GuardSealsState, first: `key "k" {}`, world: func(w *world) {
			w.sealed = []plan.Sealed{{What: "the encryption block names it", Key: w.key("key.k").ID}}
		}, wrong: `key "k" { enabled = false }`, answer: `key "k" {}`},
		{guard: plan.GuardSealsState, first: `key "old" {}`, world: func(w *world) {
			w.apply(limits + retire)
			w.now = w.now.Add(40 * 24 * time.Hour)
			w.sealed = []plan.Sealed{{What: "the state of serial 3", Key: w.key("key.old").ID}}
		}, wrong: limits + retire, fix: func(w *world) { w.sealed = nil }},
		{guard: plan.GuardSealsState, first: alias, world: sealingAlias, wrong: `key "k" {}`, answer: alias},
		{guard: plan.GuardSealsState, first: alias, world: sealingAlias, wrong: strings.Replace(alias, "alias/a", "alias/b", 1), answer: alias},
		{guard: plan.GuardSealsState, first: alias, world: func(w *world) {
			sealingAlias(w)
			w.sealed[0].Gateway = "another block of the same place"
		}, wrong: `key "k" {}`, answer: alias},
		{guard: plan.GuardStillInUse, first: `key "k" {}
alias "a" {
  name = "alias/a"
  key  = key.k.id
}`, wrong: `key "k" { enabled = false }
alias "a" {
  name = "alias/a"
  key  = key.k.id
}`, answer: `key "k" { enabled = false }
key "n" {}
alias "a" {
  name = "alias/a"
  key  = key.n.id
}`},
		{guard: plan.GuardStillInUse, first: `key "old" {}`, world: func(w *world) { w.live.Aliases["alias/foreign"] = w.key("key.old").ID },
			wrong: limits + retire, fix: func(w *world) { delete(w.live.Aliases, "alias/foreign") }},
		{guard: plan.GuardStillInUse, first: `key "old" {}`, world: func(w *world) {
			w.state.Files = []state.File{{Address: "data.encrypt.f", Path: "f.enc", KeyID: w.key("key.old").ID}}
		}, wrong: limits + retire, fix: func(w *world) { w.state.Files = nil }},
		{guard: plan.GuardStillInUse, first: "key \"old\" {}\n" + keyed("key.old.id"), wrong: limits + retire + keyed(`"key-0001"`),
			fix: func(w *world) { w.live.Objects["secret"]["app/s"].Attrs["encryption_key"] = cty.NullVal(cty.String) }},
		{guard: plan.GuardStillInUse, first: "key \"old\" {}\n", wrong: limits + retire + `
rotation_policy "p" {
  interval = "90d"
  keys     = ["key-0001"]
}`, answer: limits + retire},
		{guard: plan.GuardStillInUse, first: succeeding("Aliyun_AES_256"), world: func(w *world) {
			w.apply(succeeding("Aliyun_SM4"))
			w.state.Files = []state.File{{Address: "data.encrypt.f", Path: "it's.enc", KeyID: "key-0001"}}
		}, wrong: limits + succeeding("Aliyun_SM4") + retirePredecessor, fix: func(w *world) { w.state.Files = nil }},
		{guard: plan.GuardStillInUse, first: `key "old" {}`, world: func(w *world) { w.state.Batches = left(w.key("key.old").ID, false) },
			wrong: limits + retire, fix: func(w *world) { w.state.Batches = left(w.key("key.old").ID, true) }},
		{guard: plan.GuardStillInUse, first: `key "k" {}`, world: func(w *world) { w.state.Batches = left(w.key("key.k").ID, false) },
			wrong: `key "k" { enabled = false }`, fix: func(w *world) { w.state.Batches = nil }},
		{guard: plan.GuardStillInUse, first: succeeding("Aliyun_AES_256"), world: func(w *world) {
			w.apply(succeeding("Aliyun_SM4"))
			w.state.Batches = left("key-0001", false)
		}, wrong: limits + succeeding("Aliyun_SM4") + retirePredecessor, fix: func(w *world) { w.state.Batches = left("key-0001", true) }},
		{guard: plan.GuardStillInUse, first: `key "old" {}`, world: func(w *world) {
			w.state.Batches = unfinished()
		}, wrong: limits + retire, fix: func(w *world) { w.state.Batches[0].Whole = true }},
		{guard: plan.GuardBatchUnfinished, world: func(w *world) { w.state.Batches = unfinished() },
			wrong: "removed {\n  from   = batch.b\n  action = \"forget\"\n}", fix: func(w *world) { w.state.Batches = nil }},
		{guard: plan.GuardBatchUnfinished, world: func(w *world) { w.state.Batches = unfinished() },
			wrong: "moved {\n  from = batch.b\n  to   = batch.c\n}", fix: func(w *world) { w.state.Batches[0].Status = state.EvidenceCancelled }},
		{guard: plan.GuardPredecessors, first: succeeding("Aliyun_AES_256"), world: func(w *world) { w.apply(succeeding("Aliyun_SM4")) },
			wrong: limits + retire, answer: limits + retire + retirePredecessor},
		{guard: plan.GuardUsedSince, first: `key "old" {}`, world: func(w *world) {
			w.apply(limits + retire)
			w.now = w.now.Add(8 * 24 * time.Hour)
			w.state.Uses = []state.Use{{KeyID: w.key("key.old").ID, Principal: "ram:user/alice", Operation: "Decrypt", Last: w.now.Add(-time.Hour), Refused: true}}
		}, wrong: limits + retire, fix: func(w *world) { w.state.Uses = nil }},
		{guard: plan.GuardTooMany, first: `key "old" {}`, wrong: retire, answer: limits + retire},
		{guard: plan.GuardTooMany, first: secret, wrong: `removed {
  from   = secret.s
  action = "delete"
}`, answer: limits + `removed {
  from   = secret.s
  action = "delete"
}`},
		{guard: plan.GuardTooMany, first: ten(nil), wrong: `key "k" {}`, answer: "kmsplan {\n  limits {\n    deleted_share = 100\n  }\n}\nkey \"k\" {}"},
		{guard: plan.GuardTooMany, first: "key \"k\" {}\nkey \"n\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key = key.k.id\n}",
			wrong:  "kmsplan {\n  limits {\n    alias_moves = 0\n  }\n}\nkey \"k\" {}\nkey \"n\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key = key.n.id\n}",
			answer: "key \"k\" {}\nkey \"n\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key = key.n.id\n}"},
		{guard: plan.GuardUnseenSecretVersion, first: secret, world: outsideVersion, wrong: strings.Replace(secret, "pass-1", "pass-2", 1),
			answer: onForeign("overwrite", "pass-2")},
		{guard: plan.GuardUnseenSecretVersion, first: secret, world: outsideVersion, wrong: strings.Replace(secret, "pass-1", "pass-2", 1),
			answer: onForeign("keep", "pass-2")},
		{guard: plan.GuardUnseenSecretVersion, first: secret, world: movedBack, wrong: strings.Replace(secret, "pass-1", "pass-3", 1),
			answer: onForeign("keep", "pass-3")},
		{guard: plan.GuardUnseenSecretVersion, first: generated, world: outsideVersion, wrong: strings.Replace(generated, "32", "33", 1), answer: generated},
		{guard: plan.GuardUnseenSecretVersion, first: secret, world: outsideVersion, wrong: strings.Replace(secret, "pass-1", "pass-2", 1),
			answer: strings.Replace(secret, "name ", "lifecycle { ignore_changes = [value] }\n  name ", 1)},
		{guard: plan.GuardOtherMaterial, first: imported, world: func(w *world) {
			w.materials = map[addr.Address]plan.Material{{Kind: "key", Name: "k"}: {Match: state.Different}}
		}, wrong: imported, fix: func(w *world) { w.materials = nil }},
		{guard: plan.GuardKeyLost, first: `key "k" {}`, world: func(w *world) { w.live.Objects["key"] = map[string]*plan.Object{} }, wrong: `key "k" {}`,
			fix: func(w *world) { w.state.Resources = nil }},
		{guard: plan.GuardSecretLost, first: generated, world: func(w *world) {
			w.live.Objects["secret"], w.live.Secrets = map[string]*plan.Object{}, map[string]time.Time{}
		}, wrong: generated, fix: func(w *world) { w.state.Resources = nil }},
		{guard: plan.GuardDuplicateID, first: `key "k" {}`, wrong: "key \"k\" {}\nkey \"n\" {}\nimport {\n  to = key.n\n  id = \"key-0001\"\n}", answer: "key \"k\" {}\nkey \"n\" {}"},
		{guard: plan.GuardDuplicateID, first: `key "k" {}`, wrong: "key \"n\" {}\nimport {\n  to = key.n\n  id = \"key-0001\"\n}", answer: "key \"n\" {}\nmoved {\n  from = key.k\n  to = key.n\n}"},
		{guard: plan.GuardDuplicateID, first: `key "k" {}`, world: func(w *world) {
			r := w.state.Resources[0]
			r.Address = "key.n"
			w.state.Resources = append(w.state.Resources, r)
		}, wrong: "key \"k\" {}\nkey \"n\" {}", fix: func(w *world) { w.state.Resources = w.state.Resources[:1] }},
		{guard: plan.GuardAliasTaken, first: `key "k" {}`, world: foreignAlias, wrong: alias, answer: alias + "import {\n  to = alias.a\n  id = \"alias/a\"\n}"},
		{guard: plan.GuardAliasTaken, first: strings.Replace(alias, "alias/a", "alias/b", 1), world: foreignAlias, wrong: alias, answer: strings.Replace(alias, "alias/a", "alias/c", 1)},
		{guard: plan.GuardSecretTaken, first: ``, world: func(w *world) { foreignSecret(w, time.Time{}) }, wrong: secret, answer: secret + importSecret},
		{guard: plan.GuardSecretInRecovery, first: ``, world: func(w *world) { foreignSecret(w, w.now.Add(time.Hour)) }, wrong: secret, answer: secret + importSecret},
		{guard: plan.GuardImportNotFound, first: ``, wrong: "key \"k\" {}\nimport {\n  to = key.k\n  id = \"key-nowhere\"\n}", answer: `key "k" {}`},
		{guard: plan.GuardAlreadyManaged, first: `key "k" {}`, wrong: "key \"k\" {}\nimport {\n  to = key.k\n  id = \"key-other\"\n}", answer: "key \"k\" {}\nimport {\n  to = key.k\n  id = \"key-0001\"\n}"},
		{guard: plan.GuardRotationDisabled, first: `key "k" { enabled = false }`, wrong: `key "k" { enabled = false }` + policy, answer: `key "k" { enabled = true }` + policy},
		{guard: plan.GuardRotationDisabled, first: ``, wrong: `key "k" { enabled = false }` + policy, answer: `key "k" { enabled = true }` + policy},
		{guard: plan.GuardRotationDisabled, first: `key "k" {}`, world: func(w *world) { w.setState(w.key("key.k"), plan.StatePendingDeletion) },
			wrong: `key "k" { enabled = false }` + policy, answer: `key "k" {}` + policy},
		{guard: plan.GuardKeyUnusable, first: ``, world: func(w *world) { w.setState(w.newKey(), plan.StatePendingDeletion) },
			wrong: "alias \"a\" {\n  name = \"alias/a\"\n  key = \"key-0001\"\n}", answer: "key \"k\" {}\nimport {\n  to = key.k\n  id = \"key-0001\"\n}\n" + alias[strings.Index(alias, "alias"):]},
		{guard: plan.GuardKeyUnusable, first: ``, wrong: "rotation_policy \"p\" {\n  interval = \"90d\"\n  keys = [\"key-nowhere\"]\n}", answer: `key "k" {}` + policy},
		{guard: plan.GuardSecretUnusable, first: ``, wrong: rotating, answer: `key "k" {}` + policy},
		{guard: plan.GuardSecretUnusable, first: ``, world: func(w *world) { foreignSecret(w, time.Time{}); w.live.Objects[plan.KindSecret]["app/s"].Tags = nil }, wrong: rotating,
			fix: func(w *world) { w.live.Objects[plan.KindSecret]["app/s"].Rotated = true }},
		{guard: plan.GuardSecretUnusable, first: ``, world: func(w *world) {
			foreignSecret(w, w.now.Add(time.Hour))
			w.live.Objects[plan.KindSecret]["app/s"].Rotated = true
		}, wrong: rotating, fix: func(w *world) { w.live.Objects[plan.KindSecret]["app/s"].DeleteAt = time.Time{} }},
		{guard: plan.GuardOwnedElsewhere, first: ``, world: func(w *world) {
			foreignSecret(w, time.Time{})
			o := w.live.Objects[plan.KindSecret]["app/s"]
			o.Rotated, o.Tags = true, plan.OwnerTags("other", addr.Address{Kind: plan.KindSecret, Name: "s"}, "i")
		}, wrong: rotating, fix: func(w *world) { w.live.Objects[plan.KindSecret]["app/s"].Tags = nil }},
	}
	covered := map[string]bool{plan.GuardKeyNotDeletable: true} // the language refuses it first: TestKeyIsNotDeletable
	for i, test := range tests {
		covered[test.guard] = true
		t.Run(fmt.Sprintf("%s-%d", test.guard, i), func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.first)
			if test.world != nil {
				test.world(w)
			}
			fired := refusals(w.plan(config(t, test.wrong)), test.guard)
			if len(fired) == 0 {
				t.Fatalf("did not fire:\n%s", lines(w.plan(config(t, test.wrong))))
			}
			if p := w.plan(config(t, test.wrong)); test.guard == plan.GuardOtherGateway && len(p.Drift) > 0 {
				t.Errorf("it was looked for in another place, and %v is called drift", p.Drift)
			}
			for _, r := range fired {
				if len(r.WaysForward) < 2 || !strings.HasSuffix(r.Reason, ".") {
					t.Errorf("reason %q, ways forward %q", r.Reason, r.WaysForward)
				}
			}
			for _, r := range fired {
				checkWays(t, w, test.wrong, r)
			}
			if off := plan.CalculateWithout(w.input(config(t, test.wrong)), test.guard); len(refusals(off, test.guard)) > 0 {
				t.Errorf("switched off, and still refused:\n%s", lines(off))
			}
			src := test.answer
			if test.fix != nil {
				src = test.wrong
				test.fix(w)
			}
			p := w.plan(config(t, src))
			if still := refusals(p, test.guard); len(still) > 0 {
				t.Errorf("answered, and still refused:\n%s", lines(p))
			}
		})
	}
	covered[plan.GuardNotRead] = true // TestNothingIsTakenAwayUnread
	for _, g := range plan.GuardNames() {
		if !covered[g] {
			t.Errorf("no test for guard %s", g)
		}
	}
}

// The language refuses removed { action = "delete" } on a key; should it ever not, the planner does.
func TestKeyIsNotDeletable(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}`)
	cfg := config(t, limits+retire)
	cfg.Removed[0].Action = "delete"
	in := w.input(cfg)
	p, diags := plan.Calculate(in)
	fatalErrors(t, diags)
	if len(refusals(p, plan.GuardKeyNotDeletable)) != 1 || len(p.Changes[0].Calls) > 0 {
		t.Error(lines(p))
	}
	if off := plan.CalculateWithout(in, plan.GuardKeyNotDeletable); off.Refused() || len(off.Changes[0].Calls) > 0 {
		t.Error(lines(off))
	}
}

// sealingAlias makes the encryption block find its key by alias/a.
func sealingAlias(w *world) {
	w.sealed = []plan.Sealed{{What: "the encryption block names it", Key: w.key("key.k").ID, Alias: "alias/a", Gateway: "dev"}}
}

// strangersKey is a live key of another stack.
func strangersKey(w *world) {
	o := w.newKey()
	o.Tags = plan.OwnerTags("lineage-2", addr.Resource("key", "theirs"), "i")
}

// bindToStranger makes state say that another stack's key is ours.
func bindToStranger(w *world) {
	strangersKey(w)
	w.state.Resources[0].ID = "key-0002"
}

const importStranger = "key \"k\" {}\nimport {\n  to = key.k\n  id = \"key-0001\"\n}\n"

const (
	secret = `
variable "v" {
  type      = string
  sensitive = true
  default   = "pass-1"
}
secret "s" {
  name  = "app/s"
  value = var.v
  instance = null // outside any instance
}
`
	generated = `
secret "s" {
  name = "app/s"
  instance = null
  generate { length = 32 }
}
`
	importSecret = `
import {
  to = secret.s
  id = "app/s"
}
`
	alias = `key "k" {}
alias "a" {
  name = "alias/a"
  key  = key.k.id
}
`
	rotating = `
rotation_policy "p" {
  interval = "12h"
  secrets  = ["app/s"]
}
`
	policy = `
rotation_policy "p" {
  interval = "90d"
  keys     = [key.k.id]
}
`
)

// keyed is the secret in the instance, under a key.
func keyed(key string) string {
	return strings.Replace(secret, "instance = null // outside any instance", "encryption_key = "+key, 1)
}

func refusals(p *plan.Plan, guard string) (out []plan.Refusal) {
	for _, r := range p.Refusals {
		if r.Guard == guard {
			out = append(out, r)
		}
	}
	return out
}

func outsideVersion(w *world) {
	o := w.live.Objects[plan.KindSecret]["app/s"]
	o.Versions, o.Current = append(o.Versions, "console-1"), "console-1"
	o.Attrs["current_version"] = cty.StringVal("console-1")
}

// movedBack is a second version of ours, and the stage moved back to the first by others.
func movedBack(w *world) {
	w.apply(strings.Replace(secret, "pass-1", "pass-2", 1))
	o := w.live.Objects[plan.KindSecret]["app/s"]
	o.Current = o.Versions[0]
	o.Attrs["current_version"] = cty.StringVal(o.Current)
}

// onForeign is the secret with a word on versions that others wrote, and a value.
func onForeign(word, value string) string {
	return strings.Replace(strings.Replace(secret, "pass-1", value, 1), "name ", fmt.Sprintf("lifecycle { on_foreign_version = %q }\n  name ", word), 1)
}

func foreignAlias(w *world) { w.live.Aliases["alias/a"] = "key-of-someone" }

func foreignSecret(w *world, deleteAt time.Time) {
	w.live.Secrets["app/s"] = deleteAt
	w.live.Objects[plan.KindSecret]["app/s"] = &plan.Object{
		Kind: plan.KindSecret, ID: "app/s", DeleteAt: deleteAt, Current: "v1", Versions: []string{"v1"},
		Attrs: map[string]cty.Value{"name": cty.StringVal("app/s"), "current_version": cty.StringVal("v1")},
	}
}

// The refusal of a key in use names every user.
func TestStillInUseListsEveryUser(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}` + keyed("key.old.id") + strings.Replace(alias, "key.k.id", "key.old.id", 1))
	old := w.key("key.old").ID
	w.live.Aliases["alias/foreign"] = old
	w.state.Files = []state.File{{Address: "data.encrypt.f", Path: "dist/f.enc", KeyID: old}}
	p := w.plan(config(t, strings.Replace(retire, "key.old", "key.old", 1)+
		keyed(`"`+old+`"`)+strings.Replace(alias, "key.k.id", "\""+old+"\"", 1)+
		"rotation_policy \"p\" {\n  interval = \"90d\"\n  keys = [\""+old+"\"]\n}"))
	r := refusals(p, plan.GuardStillInUse)
	if len(r) != 1 {
		t.Fatal(lines(p))
	}
	for _, user := range []string{"5 objects", "alias.a (alias/a)", "alias/foreign", "secret.s", "rotation_policy.p", "dist/f.enc"} {
		if !strings.Contains(r[0].Reason, user) {
			t.Errorf("%q is not in: %s", user, r[0].Reason)
		}
	}
}

// Deleting the alias and retiring its key in one plan is allowed, the alias first.
func TestAliasLeavesBeforeItsKeyRetires(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"old\" {}\n" + strings.Replace(alias, "key.k.id", "key.old.id", 1))
	p := w.apply(limits + retire + "\nkey \"k\" {}")
	if len(p.Changes) != 3 || p.Changes[1].Action != plan.Delete || p.Changes[2].Action != plan.Retire || len(p.Changes[2].DependsOn) != 1 {
		t.Error(lines(p))
	}
}

// An alias that is pointed elsewhere in the same plan leaves before the key
// retires; if it cannot, the key is not touched.
// A key that is disabled in the plan in which its alias goes elsewhere waited for nothing: the alias could fail and name a
// disabled key.
func TestAliasLeavesBeforeItsKeyIsDisabled(t *testing.T) {
	onOld := strings.Replace(alias, "key \"k\" {}", "", 1)
	onOld = strings.Replace(onOld, "key.k.id", "key.old.id", 1)
	for name, test := range map[string]struct {
		src  string
		want int
	}{
		"it is re-pointed":                  {"key \"old\" { enabled = false }\n" + alias, 1},
		"it is deleted":                     {"key \"old\" { enabled = false }\nkey \"k\" {}", 1},
		"its new key waits for the old one": {"key \"old\" { enabled = false }\n" + strings.Replace(alias, "key \"k\" {}", "key \"k\" { description = key.old.id }", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply("key \"old\" {}\nkey \"k\" {}\n" + onOld)
			p := w.plan(config(t, test.src))
			i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Needs("DisableKey") })
			if p.Refused() || i < 0 || len(p.Changes[i].DependsOn) != test.want {
				t.Error(lines(p))
			}
		})
	}
}

func TestAliasIsRepointedBeforeItsOldKeyRetires(t *testing.T) {
	w := newWorld(t)
	w.apply("key \"old\" {}\nkey \"k\" {}\n" + strings.Replace(alias[strings.Index(alias, "alias"):], "key.k.id", "key.old.id", 1))
	p := w.plan(config(t, limits+retire+alias))
	last := p.Changes[len(p.Changes)-1]
	if p.Refused() || last.Action != plan.Retire || len(last.DependsOn) != 1 || last.DependsOn[0].String() != "alias.a" {
		t.Error(lines(p))
	}
}

// A failed credential must not read as an empty region: a gateway without
// snapshot is an error.
func TestGatewayThatWasNotReadIsAnError(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "k" {}`)
	in := w.input(config(t, `key "k" {}`))
	in.Live.Gateways = nil
	if _, diags := plan.Calculate(in); !diags.HasErrors() {
		t.Error("planned without a snapshot")
	}
}

// An eleventh version rolls the first off.
func TestEvictionIsAnnounced(t *testing.T) {
	w := newWorld(t)
	w.apply(secret)
	for i := range 9 {
		p := w.apply(strings.Replace(secret, "pass-1", fmt.Sprintf("pass-%d", i+2), 1))
		if len(p.Warnings) > 0 {
			t.Fatalf("version %d: %v", i+2, p.Warnings)
		}
	}
	if p := w.apply(strings.Replace(secret, "pass-1", "pass-11", 1)); len(p.Warnings) != 1 {
		t.Errorf("warnings: %v", p.Warnings)
	}
}
