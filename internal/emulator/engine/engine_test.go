package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func TestBootstrapIsEnoughToStart(t *testing.T) {
	w := enginetest.NewWorld(t)
	boot := w.E.Bootstrap()
	credential, found := w.E.Credential(boot.AccessKeyID)
	if !found || credential.Account != boot.Account || credential.Secret == "" {
		t.Errorf("credential of %s: found %v, account %s", boot.AccessKeyID, found, credential.Account)
	}
	if boot.Account != core.DefaultAccount || boot.Region != core.DefaultRegion {
		t.Errorf("bootstrap %+v", boot)
	}
	w.Do("CreateClientKey", enginetest.Fields{"AapName": boot.AccessPoint, "Password": "passw0rd"})
	w.InstanceKey(enginetest.Fields{"KeySpec": "EC_SM2"})
	w.InstanceKey(enginetest.Fields{"KeySpec": "HMAC_SHA256"})
}

func TestSessionsExpireOnTheVirtualClock(t *testing.T) {
	w := enginetest.NewWorld(t)
	s, err := w.E.CreateSTS(core.Session{Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.AccessKeyID, "STS.") || s.SecurityToken == "" {
		t.Errorf("session %s", s.AccessKeyID)
	}
	w.Advance(time.Hour - time.Second)
	if _, found := w.E.Credential(s.AccessKeyID); !found {
		t.Error("the session expired too early")
	}
	w.Advance(time.Second)
	if _, found := w.E.Credential(s.AccessKeyID); found {
		t.Error("the session did not expire")
	}
	if _, found := w.E.Credential("none"); found {
		t.Error("an unknown AccessKey was found")
	}
}

// transcript drives an engine through a life and writes down every answer.
func transcript(w *enginetest.World) string {
	w.Helper()
	var lines []string
	note := func(op string, in enginetest.Fields) enginetest.Fields {
		out := w.Do(op, in)
		text, _ := json.Marshal(out)
		lines = append(lines, op+" "+string(text))
		return out
	}
	instance := w.E.Bootstrap().Instance
	aes := note("CreateKey", enginetest.Fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "30d"})["KeyMetadata"].(enginetest.Fields)["KeyId"]
	rsa := note("CreateKey", enginetest.Fields{"DKMSInstanceId": instance, "KeySpec": "RSA_2048"})["KeyMetadata"].(enginetest.Fields)["KeyId"]
	note("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": aes})
	note("Encrypt", enginetest.Fields{"KeyId": aes, "Plaintext": enginetest.Base64Of("hello")})
	note("GenerateDataKey", enginetest.Fields{"KeyId": "alias/a"})
	version := enginetest.List(note("ListKeyVersions", enginetest.Fields{"KeyId": rsa}), "KeyVersions.KeyVersion")[0]["KeyVersionId"]
	note("GetPublicKey", enginetest.Fields{"KeyId": rsa, "KeyVersionId": version})
	note("CreateClientKey", enginetest.Fields{"AapName": "kmsplan", "Password": "passw0rd"})
	w.Advance(enginetest.Days(100))
	note("ListKeyVersions", enginetest.Fields{"KeyId": aes})
	note("DescribeKey", enginetest.Fields{"KeyId": aes})
	return strings.Join(lines, "\n")
}

func TestSameSeedSameTranscript(t *testing.T) {
	one, two := transcript(enginetest.NewWorld(t, enginetest.Seeded)), transcript(enginetest.NewWorld(t, enginetest.Seeded))
	if d := cmp.Diff(one, two); d != "" {
		t.Error(d)
	}
	if other := transcript(enginetest.NewWorld(t)); other == one {
		t.Error("without a seed the transcript is the same too")
	}
}

func TestEverythingOutlivesARestart(t *testing.T) {
	where := store.Options{Path: t.TempDir()}
	w := enginetest.OpenWorld(t, where)
	boot := w.E.Bootstrap()
	id := w.InstanceKey(enginetest.Fields{"Tags": `[{"TagKey":"a","TagValue":"1"}]`, "EnableAutomaticRotation": true, "RotationInterval": "30d"})
	dying := w.InstanceKey(nil)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": id})
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": dying, "PendingWindowInDays": 20})
	blob := w.Do("Encrypt", enginetest.Fields{"KeyId": id, "Plaintext": enginetest.Base64Of("hello")})["CiphertextBlob"]
	w.Advance(enginetest.Days(10))
	before := w.Metadata(id)
	secret, _ := w.E.Credential(boot.AccessKeyID)
	if err := w.Db.Close(); err != nil {
		t.Fatal(err)
	}

	w = reopen(t, where)
	if got := w.E.Clock().Now(); !got.Equal(enginetest.Began.Add(enginetest.Days(10))) {
		t.Errorf("the clock shows %s", got)
	}
	if d := cmp.Diff(boot, w.E.Bootstrap()); d != "" {
		t.Error(d)
	}
	if again, _ := w.E.Credential(boot.AccessKeyID); again != secret {
		t.Error("the credential changed")
	}
	if d := cmp.Diff(before, w.Metadata("alias/a")); d != "" {
		t.Error(d)
	}
	if got := w.Do("Decrypt", enginetest.Fields{"CiphertextBlob": blob})["Plaintext"]; got != enginetest.Base64Of("hello") {
		t.Errorf("Plaintext = %v", got)
	}
	if got := enginetest.TagsOf(w, id); got["a"] != "1" {
		t.Errorf("tags %v", got)
	}
	fired := w.Advance(enginetest.Days(20))
	if len(fired) != 2 || fired[0].Resource != dying || fired[1].Resource != id {
		t.Errorf("fired after the restart: %+v", fired)
	}
}

// reopen is a restart: a new store and a new clock over the same directory.
func reopen(t *testing.T, where store.Options) *enginetest.World {
	t.Helper()
	db, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e, err := engine.New(db, clock.New(), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	boot := e.Bootstrap()
	return &enginetest.World{TB: t, E: e, Db: db, Operations: engine.Operations(), Call: core.Call{Account: boot.Account, Region: boot.Region, Gateway: core.Public}}
}

func TestSnapshotsTakeTheTimeAlong(t *testing.T) {
	for name, where := range map[string]store.Options{"memory": {Memory: true}, "disk": {Path: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			w := enginetest.OpenWorld(t, where)
			id := w.InstanceKey(nil)
			w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": id})
			if err := w.E.SaveSnapshot("golden"); err != nil {
				t.Fatal(err)
			}
			w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7})
			w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/b", "KeyId": w.InstanceKey(nil)})
			w.Do("DeleteAlias", enginetest.Fields{"AliasName": "alias/a"})
			changes, err := w.E.DiffSnapshot("golden")
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
			w.Advance(enginetest.Days(30))
			w.Refused("Forbidden.KeyNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": id})
			if err := w.E.LoadSnapshot("golden"); err != nil {
				t.Fatal(err)
			}
			if now := w.E.Clock().Now(); !now.Equal(enginetest.Began) {
				t.Errorf("the clock shows %s", now)
			}
			if got := w.Metadata("alias/a"); got["KeyState"] != "Enabled" {
				t.Errorf("key %v", got)
			}
			if n := w.Do("ListKeys", nil)["TotalCount"]; n != 1.0 {
				t.Errorf("%v keys", n)
			}
			if changes, _ := w.E.DiffSnapshot("golden"); len(changes) != 0 {
				t.Errorf("changes after Load: %v", changes)
			}
			if err := w.E.LoadSnapshot("none"); !errors.Is(err, store.ErrNoSnapshot) {
				t.Errorf("LoadSnapshot(none) = %v", err)
			}
			if err := w.E.Reset(); err != nil {
				t.Fatal(err)
			}
			if n := w.Do("ListKeys", nil)["TotalCount"]; n != 0.0 || w.E.Bootstrap().Instance == "" {
				t.Errorf("after Reset: %v keys, bootstrap %+v", n, w.E.Bootstrap())
			}
			if names, _ := w.E.Snapshots(); !slices.Equal(names, []string{"golden"}) {
				t.Errorf("snapshots %v", names)
			}
		})
	}
}

func TestClockMoves(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7})
	if _, err := w.E.SetTime(enginetest.Began.Add(-enginetest.Days(1))); err != nil {
		t.Fatal(err)
	}
	if fired, err := w.E.SetTime(enginetest.Began.Add(enginetest.Days(8))); err != nil || len(fired) != 1 {
		t.Errorf("fired %v, %v", fired, err)
	}
	if _, err := w.E.Advance(-time.Second); err == nil {
		t.Error("a negative advance was accepted")
	}
	if _, err := w.E.SetTime(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 20000 was accepted")
	}
	if err := errors.Join(w.E.Resume(), w.E.Run(10), w.E.Freeze()); err != nil {
		t.Error(err)
	}
	if w.E.Run(-1) == nil {
		t.Error("a negative rate was accepted")
	}
}

// Many callers at once: every acknowledged key is there, once.
func TestConcurrentCallers(t *testing.T) {
	const callers, each = 16, 12
	w := enginetest.OpenWorld(t, store.Options{Path: t.TempDir()}, enginetest.Generous)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for n := range callers {
		wg.Go(func() {
			for i := range each {
				id := w.Key(nil)
				w.Do("CreateAlias", enginetest.Fields{"AliasName": fmt.Sprintf("alias/%d-%d", n, i), "KeyId": id})
				w.Metadata(id)
				w.Do("ListKeys", nil)
				if i%4 == 0 {
					if _, err := w.E.Advance(time.Hour); err != nil {
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
		for _, k := range enginetest.List(w.Do("ListKeys", enginetest.Fields{"PageNumber": page, "PageSize": 100}), "Keys.Key") {
			listed[k["KeyId"].(string)] = true
		}
	}
	if !maps.Equal(ids, listed) || len(ids) != callers*each {
		t.Errorf("%d keys acknowledged, %d listed", len(ids), len(listed))
	}
}
