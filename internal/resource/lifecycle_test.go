package resource_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

const stack = `
variable "db" {
  type      = string
  sensitive = true
  default   = "hunter2-canary"
}
key "orders" {
  description         = "Order database"
  deletion_protection = true
  tags                = { team = "orders" }
}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
rotation_policy "quarterly" {
  interval = "90d"
  keys     = [key.orders.id]
}
secret "db" {
  name           = "orders/db"
  value          = var.db
  encryption_key = key.orders.id
}
`

func replace(t *testing.T, src string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(src, pairs[i]) {
			t.Fatalf("no %q", pairs[i])
		}
		src = strings.Replace(src, pairs[i], pairs[i+1], 1)
	}
	return src
}

// Create, change everything that can change, take it back to defaults.
func TestStackComesToLifeAndChanges(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(stack)
	k := r.key("key.orders")
	if k.Description != "Order database" || !k.DeletionProtection || k.AutomaticRotation != "Enabled" || k.RotationInterval != 90*24*time.Hour || k.InstanceID == "" {
		t.Errorf("key: %+v", k)
	}
	value, err := r.manager.GetSecretValue(ctx, kms.SecretValueQuery{Name: "orders/db"})
	r.must(err)
	if value.Data.Reveal() != "hunter2-canary" || !strings.HasPrefix(value.VersionID, "kp-") {
		t.Errorf("secret version %s", value.VersionID)
	}

	p := r.apply(replace(t, stack, "Order database", "Orders", `team = "orders"`, `team = "sales", cost = "7"`, "90d", "30d", "hunter2-canary", "hunter3-canary", "alias/orders", "alias/sales"))
	want := []string{"~ key.orders UpdateKeyDescription,TagResources", "~ alias.orders CreateAlias,DeleteAlias", "~ rotation_policy.quarterly UpdateRotationPolicy", "~ secret.db PutSecretValue"}
	if got := changes(p); !slices.Equal(got, want) {
		t.Errorf("changes: %q", got)
	}
	k = r.key("key.orders")
	if k.Description != "Orders" || k.RotationInterval != 30*24*time.Hour {
		t.Errorf("key: %+v", k)
	}
	tags, err := r.manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: []string{k.ID}})
	r.must(err)
	if got := tags[k.ID]; len(got) != 5 || got["team"] != "sales" || got[plan.TagAddress] != "key.orders" {
		t.Errorf("tags: %v", got)
	}
	aliases, err := r.manager.ListAliases(ctx)
	r.must(err)
	if len(aliases) != 1 || aliases[0].Name != "alias/sales" {
		t.Errorf("aliases: %v", aliases)
	}
	value, err = r.manager.GetSecretValue(ctx, kms.SecretValueQuery{Name: "orders/db"})
	r.must(err)
	if value.Data.Reveal() != "hunter3-canary" {
		t.Error("the secret's value was not replaced")
	}
	r.apply(replace(t, stack, `"Order database"`, "null", `{ team = "orders" }`, "null", "= true\n  tags", "= null\n  tags", "hunter2-canary", "hunter3-canary"))
	if k = r.key("key.orders"); k.Description != "" || k.DeletionProtection {
		t.Errorf("key: %+v", k)
	}
}

// The secret is in no file kmsplan wrote.
func TestNoSecretOnDisk(t *testing.T) {
	r := newRig(t)
	r.apply(stack)
	r.fault("PutSecretValue:drop-after-commit:1")
	r.try(replace(t, stack, "hunter2-canary", "hunter3-canary"))
	err := filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), "canary") {
			t.Errorf("the secret is in %s", path)
		}
		return err
	})
	r.must(err)
}

func TestRescueBringsTheKeyBackWithItsID(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	src := replace(t, stack, "deletion_protection = true", "enabled = true")
	r.apply(src)
	id := r.id("key.orders")
	r.must(r.manager.ScheduleKeyDeletion(ctx, id, 7))
	p := r.apply(src)
	if got := changes(p); !slices.Equal(got, []string{"^ key.orders CancelKeyDeletion"}) {
		t.Errorf("changes: %q", got)
	}
	if k := r.key("key.orders"); k.ID != id || k.State != kms.StateEnabled || r.keys() != 1 {
		t.Errorf("key: %+v", k)
	}
}

func TestRescueWithUpdatesAndDisabled(t *testing.T) {
	r := newRig(t)
	r.apply(`key "k" {}`)
	r.must(r.manager.ScheduleKeyDeletion(context.Background(), r.id("key.k"), 7))
	r.apply("key \"k\" {\n  enabled     = false\n  description = \"back\"\n  tags = { a = \"b\" }\n}")
	if k := r.key("key.k"); k.State != kms.StateDisabled || k.Description != "back" {
		t.Errorf("key: %+v", k)
	}
}

func TestRescueOfASecret(t *testing.T) {
	r := newRig(t)
	r.apply(stack)
	_, err := r.manager.DeleteSecret(context.Background(), kms.DeleteSecretInput{Name: "orders/db"})
	r.must(err)
	p := r.apply(stack)
	if got := changes(p); !slices.Equal(got, []string{"^ secret.db RestoreSecret"}) {
		t.Errorf("changes: %q", got)
	}
}

// Rotation is set before the key is disabled, in one apply, because KMS refuses
// it afterwards; and the key is enabled before its rotation changes.
func TestOrderOfRotationAndDisabling(t *testing.T) {
	r := newRig(t)
	src := `
key "k" { enabled = true }
rotation_policy "p" {
  interval = "90d"
  keys     = [key.k.id]
}
`
	r.apply(src)
	r.apply(replace(t, src, "true", "false", "90d", "30d"))
	if k := r.key("key.k"); k.State != kms.StateDisabled || k.AutomaticRotation != "Suspended" || k.RotationInterval != 30*24*time.Hour {
		t.Errorf("key: %+v", k)
	}
	r.apply(replace(t, src, "90d", "60d"))
	if k := r.key("key.k"); k.State != kms.StateEnabled || k.RotationInterval != 60*24*time.Hour {
		t.Errorf("key: %+v", k)
	}
}

// A policy that gets a second key is sent for that key only: sending it again
// for the first would move the date of its next rotation.
func TestEqualRotationIsNotSentAgain(t *testing.T) {
	r := newRig(t)
	src := "key \"a\" {}\nkey \"b\" {}\nrotation_policy \"p\" {\n  interval = \"90d\"\n  keys     = [key.a.id]\n}"
	r.apply(src)
	before := r.calls("UpdateRotationPolicy")
	r.apply(replace(t, src, "[key.a.id]", "[key.a.id, key.b.id]"))
	if n := r.calls("UpdateRotationPolicy") - before; n != 1 {
		t.Errorf("%d calls", n)
	}
}

// A retirement: disable, soak, unprotect and schedule; then the block is back.
func TestRetirement(t *testing.T) {
	r := newRig(t)
	r.apply("key \"old\" { deletion_protection = true }\nalias \"a\" {\n  name = \"alias/a\"\n  key  = key.old.id\n}")
	id := r.id("key.old")
	removed := `
kmsplan {
  limits {
    deletions = 1
  }
}
removed {
  from        = key.old
  action      = "retire"
  soak_days   = 3
  window_days = 20
}
`
	r.apply(removed)
	if k := r.key("key.old"); k.State != kms.StateDisabled {
		t.Fatalf("after step 1: %+v", k)
	}
	r.now = r.now.Add(4 * 24 * time.Hour)
	p, _, err := r.try(removed)
	r.must(err)
	if got := changes(p); !slices.Equal(got, []string{"! key.old SetDeletionProtection,ScheduleKeyDeletion"}) {
		t.Fatalf("step 2: %q", got)
	}
	k := r.key("key.old")
	if k.State != kms.StatePendingDeletion || k.DeletionProtection {
		t.Fatalf("after step 2: %+v", k)
	}
	r.apply(`key "old" { deletion_protection = true }`)
	if k := r.key("key.old"); k.ID != id || k.State != kms.StateEnabled || !k.DeletionProtection {
		t.Fatalf("after its return: %+v", k)
	}
}

func TestSecretIsDeletedWithItsRecoveryWindow(t *testing.T) {
	r := newRig(t)
	src := "key \"k\" {}\nsecret \"s\" {\n  encryption_key = key.k.id\n  name = \"s\"\n  recovery_window_days = 9\n  generate { length = 40 }\n}"
	r.apply(src)
	value, err := r.manager.GetSecretValue(context.Background(), kms.SecretValueQuery{Name: "s"})
	r.must(err)
	if value.Data.Len() != 40 {
		t.Errorf("a generated value of %d characters", value.Data.Len())
	}
	first := value.VersionID
	r.apply(replace(t, src, "40", "41"))
	value, err = r.manager.GetSecretValue(context.Background(), kms.SecretValueQuery{Name: "s"})
	r.must(err)
	if value.Data.Len() != 41 || value.VersionID == first {
		t.Error("changed arguments did not make a new value")
	}
	r.apply("key \"k\" {}\nkmsplan {\n  limits {\n    deletions = 1\n  }\n}\nremoved {\n  from   = secret.s\n  action = \"delete\"\n}")
	info, err := r.manager.DescribeSecret(context.Background(), "s")
	r.must(err)
	if left := time.Until(info.DeleteAt); left < 8*24*time.Hour || left > 9*24*time.Hour+time.Hour {
		t.Errorf("it can be restored for %s", left)
	}
	r.apply(replace(t, src, "40", "41")) // declared again: rescued by its tags
}

// A destructive or rescue call is not made when the object changed since the plan.
func TestPreImageIsReadAgainBeforeTheCall(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(`key "k" {}`)
	r.must(r.manager.ScheduleKeyDeletion(ctx, r.id("key.k"), 7))
	cfg, live, p, _ := r.plan(`key "k" {}`)
	r.must(r.manager.CancelKeyDeletion(ctx, r.id("key.k"))) // someone else was faster
	before := r.calls("CancelKeyDeletion")
	work := r.work(cfg)
	work.Live = live
	_, err := apply.Run(ctx, apply.Input{Work: work, Plan: p})
	var changed *resource.ChangedError
	if !errors.As(err, &changed) || r.calls("CancelKeyDeletion") != before {
		t.Errorf("error %v, %d calls", err, r.calls("CancelKeyDeletion")-before)
	}
}

// An alias that someone pointed elsewhere since the plan is not deleted.
func TestAliasIsReadAgainBeforeItIsDeleted(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply("key \"k\" {}\nkey \"n\" {}\nalias \"a\" {\n  name = \"alias/a\"\n  key  = key.k.id\n}")
	cfg, live, p, _ := r.plan("key \"k\" {}\nkey \"n\" {}")
	r.must(r.manager.UpdateAlias(ctx, "alias/a", r.id("key.n")))
	work := r.work(cfg)
	work.Live = live
	_, err := apply.Run(ctx, apply.Input{Work: work, Plan: p})
	var changed *resource.ChangedError
	if !errors.As(err, &changed) || r.calls("DeleteAlias") != 0 {
		t.Errorf("error %v, %d calls", err, r.calls("DeleteAlias"))
	}
}

// What a crash left of a retirement's step is recorded as that step.
func TestInterruptedRetirementStepIsRecognised(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(`key "old" {}`)
	src := "kmsplan {\n  limits {\n    deletions = 1\n  }\n}\nremoved {\n  from   = key.old\n  action = \"retire\"\n}"
	cfg, live, p, found := r.plan(src)
	r.must(r.manager.DisableKey(ctx, r.id("key.old")))
	s := &resource.Session{
		Manager: r.manager, Gateway: cfg.Gateways[0], Live: live.Gateways["dev"], Change: p.Changes[0], Prior: &found.State.Resources[0],
		Journal: discard{}, Now: func() time.Time { return r.now }, Removed: &cfg.Removed[0],
	}
	open := state.Intent{Address: "key.old", Kind: "key", Operation: "DisableKey", ObjectID: r.id("key.old"), Detail: map[string]string{"state": kms.StateDisabled}, At: r.now}
	res, err := resource.For("key").Resolve(ctx, s, open)
	r.must(err)
	if !res.Committed || res.Resource.Retire != plan.RetireDisabled || !res.Resource.RetiredAt.Equal(r.now) {
		t.Errorf("%+v", res.Resource)
	}
	r.must(r.manager.EnableKey(ctx, r.id("key.old")))
	res, err = resource.For("key").Resolve(ctx, s, open)
	r.must(err)
	if res.Committed || res.Resource == nil || res.Resource.Retire != "" {
		t.Errorf("%+v", res)
	}
}

func TestImportTakesOverAndMovedKeepsTheKey(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	k, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{})
	r.must(err)
	r.must(r.manager.CreateAlias(ctx, "alias/there", k.ID))
	src := `
key "there" { description = "ours now" }
alias "there" {
  name = "alias/there"
  key  = key.there.id
}
import {
  to = key.there
  id = "` + k.ID + `"
}
import {
  to = alias.there
  id = "alias/there"
}
`
	r.apply(src)
	if got := r.key("key.there"); got.ID != k.ID || got.Description != "ours now" || r.keys() != 1 {
		t.Errorf("key: %+v", got)
	}
	r.apply(`
key "here" { description = "ours now" }
alias "there" {
  name = "alias/there"
  key  = key.here.id
}
moved {
  from = key.there
  to   = key.here
}
`)
	if r.id("key.here") != k.ID {
		t.Error("a moved key is another key")
	}
}
