package seed_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/seed"
)

const seedFile = `{
	"access_keys": [{"id":"LTAI5tSeed","secret":"s3cret","principal":"acs:ram::1234567890123456:user/ci"}],
	"instances": [{"id":"kst-seeded","kind":"hardware","image":"3.2.0","public_access":true,"key_num":10}],
	"keys": [
		{"id":"key-fixed","instance":"kst-seeded","description":"fixed","tags":{"a":"b"},"deletion_protection":true,
		 "versions":[{"id":"00000000-0000-4000-8000-000000000001","material":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","created":"2025-01-01T00:00:00Z"},
		             {"id":"00000000-0000-4000-8000-000000000002","material":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}]},
		{"id":"key-dying","state":"PendingDeletion","delete_at":"2026-02-07T00:00:00Z"}],
	"aliases": [{"name":"alias/fixed","key":"key-fixed"}],
	"secrets": [{"name":"db/password","versions":[{"id":"v1","data":"old","stages":["ACSPrevious"]},{"id":"v2","data":"hunter2"}]}],
	"network_rules": [{"name":"lan","sources":["10.0.0.0/8"]}],
	"policies": [{"name":"all","instance":"kst-seeded","network_rules":["lan"]}],
	"access_points": [{"name":"ci","policies":["all"]}]
}`

func TestSeedGivesFixedObjects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(path, []byte(seedFile), 0o600); err != nil {
		t.Fatal(err)
	}
	w := enginetest.NewWorld(t)
	result, err := seed.File(w.E, path, false)
	if err != nil || result != (seed.Result{Created: 9}) {
		t.Fatalf("Seed = %+v, %v", result, err)
	}
	m := w.Metadata("alias/fixed")
	if m["KeyId"] != "key-fixed" || m["PrimaryKeyVersion"] != "00000000-0000-4000-8000-000000000002" || m["DeletionProtection"] != "Enabled" {
		t.Errorf("key %v", m)
	}
	if _, found := w.E.Credential("LTAI5tSeed"); !found {
		t.Error("the AccessKey is missing")
	}
	if got := w.Do("GetSecretValue", enginetest.Fields{"SecretName": "db/password"})["SecretData"]; got != "hunter2" {
		t.Errorf("secret %v", got)
	}
	w.Do("CreateClientKey", enginetest.Fields{"AapName": "ci", "Password": "passw0rd"})

	w.Do("UpdateKeyDescription", enginetest.Fields{"KeyId": "key-fixed", "Description": "mine"})
	if result, err := seed.File(w.E, path, false); err != nil || result != (seed.Result{Kept: 9}) {
		t.Errorf("second Seed = %+v, %v", result, err)
	}
	if got := w.Metadata("key-fixed")["Description"]; got != "mine" {
		t.Errorf("Description = %v: seeding overwrote it", got)
	}
	if result, err := seed.File(w.E, path, true); err != nil || result != (seed.Result{Replaced: 9}) {
		t.Errorf("forced Seed = %+v, %v", result, err)
	}
	if got := w.Metadata("key-fixed"); got["Description"] != "fixed" || len(enginetest.Versions(w, "key-fixed")) != 2 {
		t.Errorf("after a forced Seed: %v", got)
	}
	if fired := w.Advance(enginetest.Days(7)); len(fired) != 1 || fired[0].Resource != "key-dying" {
		t.Errorf("fired %v", fired)
	}
}

// A key seeded as ancient does not make up for the rotations of centuries.
func TestSeededKeyDoesNotMakeUpForThePast(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Seed(`{"keys":[{"id":"old","instance":"` + w.E.Bootstrap().Instance + `","created":"1990-01-01T00:00:00Z","rotation_interval":"7d",
		"versions":[{"created":"1990-01-01T00:00:00Z"}]}]}`)
	if n := len(enginetest.Versions(w, "old")); n != 1 {
		t.Errorf("%d versions, want the one that was seeded", n)
	}
	if fired := w.Advance(enginetest.Days(7)); len(fired) != 1 {
		t.Errorf("fired %v", fired)
	}
}

// The same seeded material opens ciphertext of another engine.
func TestSeededMaterialOpensOldCiphertext(t *testing.T) {
	one, two := enginetest.NewWorld(t), enginetest.NewWorld(t)
	one.Seed(seedFile)
	two.Seed(seedFile)
	blob := one.Do("Encrypt", enginetest.Fields{"KeyId": "key-fixed", "Plaintext": enginetest.Base64Of("hello")})["CiphertextBlob"]
	if got := two.Do("Decrypt", enginetest.Fields{"CiphertextBlob": blob}); got["Plaintext"] != enginetest.Base64Of("hello") {
		t.Errorf("Decrypt = %v", got)
	}
}

func TestBadSeedIsRefusedWhole(t *testing.T) {
	for name, doc := range map[string]string{
		"not JSON":         `keys:`,
		"unknown field":    `{"keyz":[]}`,
		"more after":       `{} {}`,
		"no id":            `{"keys":[{"id":"good"},{}]}`,
		"bad spec":         `{"keys":[{"id":"good"},{"id":"x","spec":"ROT13"}]}`,
		"bad material":     `{"keys":[{"id":"good"},{"id":"x","versions":[{"material":"AAAA"}]}]}`,
		"short version":    `{"keys":[{"id":"good"},{"id":"x","versions":[{"id":"v1"}]}]}`,
		"bad state":        `{"keys":[{"id":"good"},{"id":"x","state":"Asleep"}]}`,
		"no deletion":      `{"keys":[{"id":"good"},{"id":"x","state":"PendingDeletion"}]}`,
		"alias of none":    `{"keys":[{"id":"good"}],"aliases":[{"name":"alias/a","key":"none"}]}`,
		"alias name":       `{"keys":[{"id":"good"}],"aliases":[{"name":"a","key":"good"}]}`,
		"kind":             `{"keys":[{"id":"good"}],"instances":[{"id":"kst-x","kind":"soft"}]}`,
		"rule":             `{"keys":[{"id":"good"}],"network_rules":[{"name":"x","sources":["here"]}]}`,
		"empty secret":     `{"keys":[{"id":"good"}],"secrets":[{"name":"s"}]}`,
		"secret no id":     `{"keys":[{"id":"good"}],"secrets":[{"name":"s","versions":[{"data":"CANARY"}]}]}`,
		"keyless secret":   `{"keys":[{"id":"good"}],"access_keys":[{"id":"AK"}]}`,
		"taken version":    `{"keys":[{"id":"good","versions":[{"id":"00000000-0000-4000-8000-000000000001"}]},{"id":"x","versions":[{"id":"00000000-0000-4000-8000-000000000001"}]}]}`,
		"no such instance": `{"keys":[{"id":"good"},{"id":"x","instance":"kst-none"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := enginetest.NewWorld(t)
			if _, err := seed.From(w.E, strings.NewReader(doc), false); err == nil {
				t.Error("accepted")
			} else if strings.Contains(err.Error(), "CANARY") {
				t.Error("the error shows a secret's value")
			}
			w.Refused("Forbidden.KeyNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": "good"})
		})
	}
}
