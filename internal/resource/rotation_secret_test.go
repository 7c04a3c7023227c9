package resource_test

import (
	"context"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/resource"
)

const rotatedSecret = `
key "k" {}
secret "rds" {
  name            = "orders/rds"
  type            = "Rds"
  value           = jsonencode({ Accounts = [{ AccountName = "app", AccountPassword = "canary" }] })
  extended_config = { SecretSubType = "SingleUser", DBInstanceId = "rm-1234" }
  encryption_key  = key.k.id
}
rotation_policy "p" {
  interval = "12h"
  secrets  = [secret.rds.name]
}
`

func (r *rig) rds() kms.SecretInfo {
	r.t.Helper()
	info, err := r.manager.DescribeSecret(context.Background(), "orders/rds")
	r.must(err)
	return info
}

// A managed secret rotates as its policy says, an equal policy is not sent again, and a policy that goes leaves the
// rotation as it is.
func TestAManagedSecretRotatesAsItsPolicySays(t *testing.T) {
	r := newRig(t)
	r.apply(rotatedSecret)
	if s := r.rds(); s.AutomaticRotation != "Enabled" || s.RotationInterval != 12*time.Hour {
		t.Fatalf("%+v", s)
	}
	sent := r.calls("UpdateSecretRotationPolicy")
	if got := changes(r.apply(rotatedSecret)); len(got) > 0 || r.calls("UpdateSecretRotationPolicy") != sent {
		t.Errorf("%q", got)
	}
	r.must(r.manager.UpdateSecretRotationPolicy(context.Background(), "orders/rds", false, nil))
	if got := changes(r.apply(rotatedSecret)); len(got) != 1 || r.rds().RotationInterval != 12*time.Hour {
		t.Errorf("what was switched off elsewhere: %q", got)
	}
	off := replace(t, rotatedSecret, `"12h"`, "\"12h\"\n  enabled = false")
	if r.apply(off); r.rds().AutomaticRotation != "Disabled" {
		t.Errorf("%+v", r.rds())
	}
	r.apply(rotatedSecret)
	r.apply(rotatedSecret[:len(rotatedSecret)-len("rotation_policy \"p\" {\n  interval = \"12h\"\n  secrets  = [secret.rds.name]\n}\n")])
	if r.rds().AutomaticRotation != "Enabled" {
		t.Error("a policy that went took the rotation along")
	}
}

// A secret that leaves the policy keeps its rotation, and a list that is left out is none.
func TestASecretThatLeavesAPolicyKeepsItsRotation(t *testing.T) {
	r := newRig(t)
	r.apply(replace(t, rotatedSecret, `"12h"`, "\"7d\"\n  keys = [key.k.id]"))
	p := r.apply(replace(t, rotatedSecret, `"12h"`, "\"7d\"\n  keys = [key.k.id]", "  secrets  = [secret.rds.name]\n", ""))
	if got := changes(p); len(got) != 1 || r.rds().RotationInterval != 7*24*time.Hour {
		t.Errorf("%q %+v", got, r.rds())
	}
	if again := changes(r.apply(replace(t, rotatedSecret, `"12h"`, "\"7d\"\n  keys = [key.k.id]", "  secrets  = [secret.rds.name]\n", ""))); len(again) > 0 {
		t.Errorf("%q", again)
	}
}

// An UpdateSecretRotationPolicy whose answer is lost is seen, or sent once more.
func TestALostSecretRotationAnswerIsSeen(t *testing.T) {
	for _, fault := range []string{"drop-after-commit", "reject-after-commit", "drop-before"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t)
			r.fault("UpdateSecretRotationPolicy:" + fault + ":1")
			p, report, err := r.try(rotatedSecret)
			if p.Refused() || fault != "drop-before" && (err != nil || len(report.Open) > 0) || fault == "drop-before" && err == nil {
				t.Fatalf("%+v %+v %v", p.Refusals, report, err)
			}
			r.now = r.now.Add(resource.ServiceTiming.Certain())
			r.apply(rotatedSecret)
			if s := r.rds(); s.RotationInterval != 12*time.Hour {
				t.Errorf("%+v", s)
			}
			if got := changes(r.apply(rotatedSecret)); len(got) > 0 {
				t.Errorf("%q", got)
			}
		})
	}
}
