package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func TestBootstrapIsEnoughToStart(t *testing.T) {
	w := newWorld(t)
	boot := w.e.Bootstrap()
	credential, found := w.e.Credential(boot.AccessKeyID)
	if !found || credential.Account != boot.Account || credential.Secret == "" {
		t.Errorf("credential of %s: found %v, account %s", boot.AccessKeyID, found, credential.Account)
	}
	if boot.Account != engine.DefaultAccount || boot.Region != engine.DefaultRegion {
		t.Errorf("bootstrap %+v", boot)
	}
	w.do("CreateClientKey", fields{"AapName": boot.AccessPoint, "Password": "passw0rd"})
	w.instanceKey(fields{"KeySpec": "EC_SM2"})
	w.instanceKey(fields{"KeySpec": "HMAC_SHA256"})
}

func TestSessionsExpireOnTheVirtualClock(t *testing.T) {
	w := newWorld(t)
	s, err := w.e.CreateSTS(engine.Session{Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.AccessKeyID, "STS.") || s.SecurityToken == "" {
		t.Errorf("session %s", s.AccessKeyID)
	}
	w.advance(time.Hour - time.Second)
	if _, found := w.e.Credential(s.AccessKeyID); !found {
		t.Error("the session expired too early")
	}
	w.advance(time.Second)
	if _, found := w.e.Credential(s.AccessKeyID); found {
		t.Error("the session did not expire")
	}
	if _, found := w.e.Credential("none"); found {
		t.Error("an unknown AccessKey was found")
	}
}

// transcript drives an engine through a life and writes down every answer.
func transcript(w *world) string {
	w.Helper()
	var lines []string
	note := func(op string, in fields) fields {
		out := w.do(op, in)
		text, _ := json.Marshal(out)
		lines = append(lines, op+" "+string(text))
		return out
	}
	instance := w.e.Bootstrap().Instance
	aes := note("CreateKey", fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "30d"})["KeyMetadata"].(fields)["KeyId"]
	rsa := note("CreateKey", fields{"DKMSInstanceId": instance, "KeySpec": "RSA_2048"})["KeyMetadata"].(fields)["KeyId"]
	note("CreateAlias", fields{"AliasName": "alias/a", "KeyId": aes})
	note("Encrypt", fields{"KeyId": aes, "Plaintext": base64Of("hello")})
	note("GenerateDataKey", fields{"KeyId": "alias/a"})
	version := list(note("ListKeyVersions", fields{"KeyId": rsa}), "KeyVersions.KeyVersion")[0]["KeyVersionId"]
	note("GetPublicKey", fields{"KeyId": rsa, "KeyVersionId": version})
	note("CreateClientKey", fields{"AapName": "kmsplan", "Password": "passw0rd"})
	w.advance(days(100))
	note("ListKeyVersions", fields{"KeyId": aes})
	note("DescribeKey", fields{"KeyId": aes})
	return strings.Join(lines, "\n")
}

func TestSameSeedSameTranscript(t *testing.T) {
	one, two := transcript(newWorld(t, seeded)), transcript(newWorld(t, seeded))
	if d := cmp.Diff(one, two); d != "" {
		t.Error(d)
	}
	if other := transcript(newWorld(t)); other == one {
		t.Error("without a seed the transcript is the same too")
	}
}

func TestEverythingOutlivesARestart(t *testing.T) {
	where := store.Options{Path: t.TempDir()}
	w := openWorld(t, where)
	boot := w.e.Bootstrap()
	id := w.instanceKey(fields{"Tags": `[{"TagKey":"a","TagValue":"1"}]`, "EnableAutomaticRotation": true, "RotationInterval": "30d"})
	dying := w.instanceKey(nil)
	w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": id})
	w.do("ScheduleKeyDeletion", fields{"KeyId": dying, "PendingWindowInDays": 20})
	blob := w.do("Encrypt", fields{"KeyId": id, "Plaintext": base64Of("hello")})["CiphertextBlob"]
	w.advance(days(10))
	before := w.metadata(id)
	secret, _ := w.e.Credential(boot.AccessKeyID)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}

	w = reopen(t, where)
	if got := w.e.Clock().Now(); !got.Equal(began.Add(days(10))) {
		t.Errorf("the clock shows %s", got)
	}
	if d := cmp.Diff(boot, w.e.Bootstrap()); d != "" {
		t.Error(d)
	}
	if again, _ := w.e.Credential(boot.AccessKeyID); again != secret {
		t.Error("the credential changed")
	}
	if d := cmp.Diff(before, w.metadata("alias/a")); d != "" {
		t.Error(d)
	}
	if got := w.do("Decrypt", fields{"CiphertextBlob": blob})["Plaintext"]; got != base64Of("hello") {
		t.Errorf("Plaintext = %v", got)
	}
	if got := tagsOf(w, id); got["a"] != "1" {
		t.Errorf("tags %v", got)
	}
	fired := w.advance(days(20))
	if len(fired) != 2 || fired[0].Resource != dying || fired[1].Resource != id {
		t.Errorf("fired after the restart: %+v", fired)
	}
}

// reopen is a restart: a new store and a new clock over the same directory.
func reopen(t *testing.T, where store.Options) *world {
	t.Helper()
	db, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e, err := engine.New(db, clock.New(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	boot := e.Bootstrap()
	return &world{TB: t, e: e, db: db, operations: engine.Operations(), call: engine.Call{Account: boot.Account, Region: boot.Region, Gateway: engine.Public}}
}

func TestSnapshotsTakeTheTimeAlong(t *testing.T) {
	for name, where := range map[string]store.Options{"memory": {Memory: true}, "disk": {Path: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			w := openWorld(t, where)
			id := w.instanceKey(nil)
			w.do("CreateAlias", fields{"AliasName": "alias/a", "KeyId": id})
			if err := w.e.SaveSnapshot("golden"); err != nil {
				t.Fatal(err)
			}
			w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 7})
			w.do("CreateAlias", fields{"AliasName": "alias/b", "KeyId": w.instanceKey(nil)})
			w.do("DeleteAlias", fields{"AliasName": "alias/a"})
			changes, err := w.e.DiffSnapshot("golden")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, c.Kind+" "+c.Table+" "+strings.Join(c.Fields, ","))
			}
			slices.Sort(got)
			want := []string{"added alias ", "added key ", "added key-version ", "changed key DeleteAt,State", "removed alias "}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			w.advance(days(30))
			w.refused("Forbidden.KeyNotFound", 404, "DescribeKey", fields{"KeyId": id})
			if err := w.e.LoadSnapshot("golden"); err != nil {
				t.Fatal(err)
			}
			if now := w.e.Clock().Now(); !now.Equal(began) {
				t.Errorf("the clock shows %s", now)
			}
			if got := w.metadata("alias/a"); got["KeyState"] != "Enabled" {
				t.Errorf("key %v", got)
			}
			if n := w.do("ListKeys", nil)["TotalCount"]; n != 1.0 {
				t.Errorf("%v keys", n)
			}
			if changes, _ := w.e.DiffSnapshot("golden"); len(changes) != 0 {
				t.Errorf("changes after Load: %v", changes)
			}
			if err := w.e.LoadSnapshot("none"); !errors.Is(err, store.ErrNoSnapshot) {
				t.Errorf("LoadSnapshot(none) = %v", err)
			}
			if err := w.e.Reset(); err != nil {
				t.Fatal(err)
			}
			if n := w.do("ListKeys", nil)["TotalCount"]; n != 0.0 || w.e.Bootstrap().Instance == "" {
				t.Errorf("after Reset: %v keys, bootstrap %+v", n, w.e.Bootstrap())
			}
			if names, _ := w.e.Snapshots(); !slices.Equal(names, []string{"golden"}) {
				t.Errorf("snapshots %v", names)
			}
		})
	}
}

func TestClockMoves(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 7})
	if _, err := w.e.SetTime(began.Add(-days(1))); err != nil {
		t.Fatal(err)
	}
	if fired, err := w.e.SetTime(began.Add(days(8))); err != nil || len(fired) != 1 {
		t.Errorf("fired %v, %v", fired, err)
	}
	if _, err := w.e.Advance(-time.Second); err == nil {
		t.Error("a negative advance was accepted")
	}
	if _, err := w.e.SetTime(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 20000 was accepted")
	}
	if err := errors.Join(w.e.Resume(), w.e.Run(10), w.e.Freeze()); err != nil {
		t.Error(err)
	}
	if w.e.Run(-1) == nil {
		t.Error("a negative rate was accepted")
	}
}

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
	w := newWorld(t)
	result, err := w.e.Seed(path, false)
	if err != nil || result != (engine.SeedResult{Created: 9}) {
		t.Fatalf("Seed = %+v, %v", result, err)
	}
	m := w.metadata("alias/fixed")
	if m["KeyId"] != "key-fixed" || m["PrimaryKeyVersion"] != "00000000-0000-4000-8000-000000000002" || m["DeletionProtection"] != "Enabled" {
		t.Errorf("key %v", m)
	}
	if _, found := w.e.Credential("LTAI5tSeed"); !found {
		t.Error("the AccessKey is missing")
	}
	if got := w.do("GetSecretValue", fields{"SecretName": "db/password"})["SecretData"]; got != "hunter2" {
		t.Errorf("secret %v", got)
	}
	w.do("CreateClientKey", fields{"AapName": "ci", "Password": "passw0rd"})

	w.do("UpdateKeyDescription", fields{"KeyId": "key-fixed", "Description": "mine"})
	if result, err := w.e.Seed(path, false); err != nil || result != (engine.SeedResult{Kept: 9}) {
		t.Errorf("second Seed = %+v, %v", result, err)
	}
	if got := w.metadata("key-fixed")["Description"]; got != "mine" {
		t.Errorf("Description = %v: seeding overwrote it", got)
	}
	if result, err := w.e.Seed(path, true); err != nil || result != (engine.SeedResult{Replaced: 9}) {
		t.Errorf("forced Seed = %+v, %v", result, err)
	}
	if got := w.metadata("key-fixed"); got["Description"] != "fixed" || len(versions(w, "key-fixed")) != 2 {
		t.Errorf("after a forced Seed: %v", got)
	}
	if fired := w.advance(days(7)); len(fired) != 1 || fired[0].Resource != "key-dying" {
		t.Errorf("fired %v", fired)
	}
}

// A key seeded as ancient does not make up for the rotations of centuries.
func TestSeededKeyDoesNotMakeUpForThePast(t *testing.T) {
	w := newWorld(t)
	w.seed(`{"keys":[{"id":"old","instance":"` + w.e.Bootstrap().Instance + `","created":"1990-01-01T00:00:00Z","rotation_interval":"7d",
		"versions":[{"created":"1990-01-01T00:00:00Z"}]}]}`)
	if n := len(versions(w, "old")); n != 1 {
		t.Errorf("%d versions, want the one that was seeded", n)
	}
	if fired := w.advance(days(7)); len(fired) != 1 {
		t.Errorf("fired %v", fired)
	}
}

// The same seeded material opens ciphertext of another engine.
func TestSeededMaterialOpensOldCiphertext(t *testing.T) {
	one, two := newWorld(t), newWorld(t)
	one.seed(seedFile)
	two.seed(seedFile)
	blob := one.do("Encrypt", fields{"KeyId": "key-fixed", "Plaintext": base64Of("hello")})["CiphertextBlob"]
	if got := two.do("Decrypt", fields{"CiphertextBlob": blob}); got["Plaintext"] != base64Of("hello") {
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
			w := newWorld(t)
			if _, err := w.e.SeedFrom(strings.NewReader(doc), false); err == nil {
				t.Error("accepted")
			} else if strings.Contains(err.Error(), "CANARY") {
				t.Error("the error shows a secret's value")
			}
			w.refused("Forbidden.KeyNotFound", 404, "DescribeKey", fields{"KeyId": "good"})
		})
	}
}

// Many callers at once: every acknowledged key is there, once.
func TestConcurrentCallers(t *testing.T) {
	const callers, each = 16, 12
	w := openWorld(t, store.Options{Path: t.TempDir()}, generous)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for n := range callers {
		wg.Go(func() {
			for i := range each {
				id := w.key(nil)
				w.do("CreateAlias", fields{"AliasName": fmt.Sprintf("alias/%d-%d", n, i), "KeyId": id})
				w.metadata(id)
				w.do("ListKeys", nil)
				if i%4 == 0 {
					if _, err := w.e.Advance(time.Hour); err != nil {
						t.Error(err)
					}
				}
				mu.Lock()
				ids[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	listed := map[string]bool{}
	for page := 1; page <= (callers*each+99)/100; page++ {
		for _, k := range list(w.do("ListKeys", fields{"PageNumber": page, "PageSize": 100}), "Keys.Key") {
			listed[k["KeyId"].(string)] = true
		}
	}
	if !maps.Equal(ids, listed) || len(ids) != callers*each {
		t.Errorf("%d keys acknowledged, %d listed", len(ids), len(listed))
	}
}
