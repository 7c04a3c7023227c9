package keys_test

import (
	"fmt"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// Eight times ninety days are eight rotations, each at its own instant, and
// everything ever encrypted still opens.
func TestAdvanceRotates(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "90d"})
	blobs := map[string]any{}
	for i := range 9 {
		text := fmt.Sprint("text ", i)
		blobs[text] = w.Do("Encrypt", enginetest.Fields{"KeyId": id, "Plaintext": enginetest.Base64Of(text)})["CiphertextBlob"]
		if i == 8 {
			break
		}
		fired := w.Advance(enginetest.Days(90))
		if len(fired) != 1 || fired[0].Event != "key rotated" || !fired[0].At.Equal(enginetest.Began.Add(enginetest.Days(90*(i+1)))) {
			t.Fatalf("round %d: fired %+v", i, fired)
		}
		all := enginetest.Versions(w, id)
		if len(all) != i+2 || w.Metadata(id)["PrimaryKeyVersion"] != all[i+1]["KeyVersionId"] {
			t.Fatalf("round %d: %d versions, primary %v", i, len(all), w.Metadata(id)["PrimaryKeyVersion"])
		}
	}
	for text, blob := range blobs {
		if got := w.Do("Decrypt", enginetest.Fields{"CiphertextBlob": blob})["Plaintext"]; got != enginetest.Base64Of(text) {
			t.Errorf("%s decrypts to %v", text, got)
		}
	}
	// All at once is the same.
	again := enginetest.NewWorld(t)
	id = again.InstanceKey(enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "90d"})
	fired := again.Advance(enginetest.Days(8 * 90))
	for i, f := range fired {
		if !f.At.Equal(enginetest.Began.Add(enginetest.Days(90 * (i + 1)))) {
			t.Errorf("rotation %d at %s", i, f.At)
		}
	}
	if n := len(enginetest.Versions(again, id)); len(fired) != 8 || n != 9 {
		t.Errorf("%d rotations, %d versions", len(fired), n)
	}
}

func TestEventsFireInTheOrderOfTime(t *testing.T) {
	w := enginetest.NewWorld(t)
	slow := w.InstanceKey(enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "20d"})
	fast := w.InstanceKey(enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "8d"})
	dying := w.InstanceKey(nil)
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": dying, "PendingWindowInDays": 10})
	fired := w.Advance(enginetest.Days(21))
	want := []struct {
		day int
		id  string
	}{{8, fast}, {10, dying}, {16, fast}, {20, slow}}
	if len(fired) != len(want) {
		t.Fatalf("fired %+v", fired)
	}
	for i, f := range fired {
		if f.Resource != want[i].id || !f.At.Equal(enginetest.Began.Add(enginetest.Days(want[i].day))) {
			t.Errorf("event %d: %+v, want %+v", i, f, want[i])
		}
	}
	if got := w.E.Clock().Now(); !got.Equal(enginetest.Began.Add(enginetest.Days(21))) {
		t.Errorf("the clock shows %s", got)
	}
}

// What falls due while the clock runs on its own happens before the next call.
func TestDueEventsFireBeforeACall(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7})
	w.E.Clock().Set(enginetest.Began.Add(enginetest.Days(7))) // as a running clock would get there, without the engine
	w.Refused("Forbidden.KeyNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": id})
}

func TestRotationPolicy(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	policy := func(on bool, interval string) enginetest.Fields {
		in := enginetest.Fields{"KeyId": id, "EnableAutomaticRotation": on}
		if interval != "" {
			in["RotationInterval"] = interval
		}
		return in
	}
	w.Do("UpdateRotationPolicy", policy(true, "30d"))
	m := w.Metadata(id)
	if m["AutomaticRotation"] != "Enabled" || m["RotationInterval"] != "2592000s" || m["NextRotationDate"] != "2026-03-02T10:00:00Z" {
		t.Errorf("metadata %v", m)
	}
	w.Do("DisableKey", enginetest.Fields{"KeyId": id})
	m = w.Metadata(id)
	if m["AutomaticRotation"] != "Suspended" || m["RotationInterval"] != "2592000s" || m["NextRotationDate"] == nil {
		t.Errorf("metadata of the disabled key %v", m)
	}
	if fired := w.Advance(enginetest.Days(100)); len(fired) != 0 {
		t.Errorf("a disabled key rotated: %v", fired)
	}
	w.Do("EnableKey", enginetest.Fields{"KeyId": id})
	if n := len(enginetest.Versions(w, id)); n != 2 {
		t.Errorf("%d versions after a key was enabled with its turn long past, want 2", n)
	}
	w.Do("UpdateRotationPolicy", policy(true, "200d"))
	w.Advance(enginetest.Days(20))
	w.Do("UpdateRotationPolicy", policy(true, "10d")) // the turn is past now
	if n := len(enginetest.Versions(w, id)); n != 3 {
		t.Errorf("%d versions after the interval was shortened, want 3", n)
	}
	w.Do("UpdateRotationPolicy", policy(false, ""))
	m = w.Metadata(id)
	if m["AutomaticRotation"] != "Disabled" || m["RotationInterval"] != nil || m["NextRotationDate"] != nil {
		t.Errorf("metadata without rotation %v", m)
	}
	if fired := w.Advance(enginetest.Days(100)); len(fired) != 0 {
		t.Errorf("fired %v", fired)
	}
}

func TestRotationRefusals(t *testing.T) {
	w := enginetest.NewWorld(t).WithHardware()
	on := func(id, interval string) enginetest.Fields {
		return enginetest.Fields{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": interval}
	}
	soft, ordinary := w.InstanceKey(nil), w.Key(nil)
	w.Refused("InvalidParameter", 400, "UpdateRotationPolicy", on(soft, "6d"))
	w.Refused("InvalidParameter", 400, "UpdateRotationPolicy", on(soft, "731d"))
	w.Refused("InvalidParameter", 400, "UpdateRotationPolicy", on(ordinary, "6d"))
	w.Refused("MissingParameter", 400, "UpdateRotationPolicy", enginetest.Fields{"KeyId": soft, "EnableAutomaticRotation": true})
	w.Refused("MissingParameter", 400, "UpdateRotationPolicy", enginetest.Fields{"KeyId": soft, "RotationInterval": "30d"})
	w.Refused("Unsupported.Alias", 400, "UpdateRotationPolicy", on("alias/a", "30d"))
	for _, in := range []enginetest.Fields{
		{"DKMSInstanceId": w.E.Bootstrap().Instance, "KeySpec": "EC_P256"},
		{"DKMSInstanceId": w.E.Bootstrap().Instance, "KeySpec": "HMAC_SHA256"},
		{"DKMSInstanceId": enginetest.Hardware},
	} {
		id := w.Key(in)
		w.Refused("Rejected.UnsupportedOperation", 400, "UpdateRotationPolicy", on(id, "30d"))
		w.Refused("Rejected.UnsupportedOperation", 400, "CreateKeyVersion", enginetest.Fields{"KeyId": id})
	}
	w.Seed(`{"keys":[{"id":"service","service":true},{"id":"imported","origin":"EXTERNAL","versions":[{}]}]}`)
	for _, id := range []string{"service", "imported"} {
		w.Refused("Rejected.UnsupportedOperation", 400, "UpdateRotationPolicy", on(id, "365d"))
	}
}

func TestLegacyRotationProfile(t *testing.T) {
	w := enginetest.NewWorld(t, func(o *core.Options) { o.Rotation = core.LegacyRotation }).WithHardware()
	id := w.Key(nil)
	w.Do("UpdateRotationPolicy", enginetest.Fields{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "730d"})
	w.Refused("InvalidParameter", 400, "UpdateRotationPolicy", enginetest.Fields{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "731d"})
	pair := w.Key(enginetest.Fields{"DKMSInstanceId": enginetest.Hardware, "KeySpec": "EC_P256"})
	w.Refused("Rejected.UnsupportedOperation", 400, "CreateKeyVersion", enginetest.Fields{"KeyId": pair}) // too soon
	w.Advance(enginetest.Days(7))
	first := enginetest.Versions(w, pair)[0]["KeyVersionId"]
	if second := w.Do("CreateKeyVersion", enginetest.Fields{"KeyId": pair})["KeyVersion"].(enginetest.Fields); second["KeyVersionId"] == first {
		t.Errorf("no new version: %v", second)
	}
}

func TestKeyVersions(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	first := w.Metadata(id)["PrimaryKeyVersion"]
	w.Advance(time.Minute)
	second := w.Do("CreateKeyVersion", enginetest.Fields{"KeyId": id})["KeyVersion"].(enginetest.Fields)
	if second["KeyId"] != id || second["CreationDate"] != "2026-01-31T10:01:00Z" {
		t.Errorf("new version %v", second)
	}
	m := w.Metadata(id)
	if m["PrimaryKeyVersion"] != second["KeyVersionId"] || m["LastRotationDate"] != "2026-01-31T10:01:00Z" {
		t.Errorf("metadata %v", m)
	}
	for _, v := range []any{first, second["KeyVersionId"]} {
		if got := w.Do("DescribeKeyVersion", enginetest.Fields{"KeyId": id, "KeyVersionId": v})["KeyVersion"].(enginetest.Fields); got["KeyVersionId"] != v {
			t.Errorf("described %v, want %v", got, v)
		}
	}
	other := w.InstanceKey(nil)
	w.Refused("Forbidden.KeyVersionNotFound", 404, "DescribeKeyVersion", enginetest.Fields{"KeyId": other, "KeyVersionId": first})
	w.Refused("Forbidden.KeyVersionNotFound", 404, "DescribeKeyVersion", enginetest.Fields{"KeyId": id, "KeyVersionId": "none"})
	w.Refused("MissingParameter", 400, "DescribeKeyVersion", enginetest.Fields{"KeyId": id})
}

// Versions use up quota; a rotation that finds none is skipped, and time goes on.
func TestVersionQuota(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Seed(`{"instances":[{"id":"kst-small","key_num":2}]}`)
	id := w.Key(enginetest.Fields{"DKMSInstanceId": "kst-small", "EnableAutomaticRotation": true, "RotationInterval": "10d"})
	fired := w.Advance(enginetest.Days(35))
	if len(fired) != 2 || fired[0].Detail == "" || fired[1].Detail[:7] != "skipped" {
		t.Errorf("fired %+v", fired)
	}
	if got := w.Metadata(id)["NextRotationDate"]; got != "2026-03-12T10:00:00Z" {
		t.Errorf("the next turn is %v", got)
	}
	if n := len(enginetest.Versions(w, id)); n != 2 {
		t.Errorf("%d versions, want 2", n)
	}
	w.Refused("Rejected.LimitExceeded", 400, "CreateKeyVersion", enginetest.Fields{"KeyId": id})
	small := enginetest.NewWorld(t, func(o *core.Options) { o.Quotas.DefaultVersions = 1 })
	w.Refused("Rejected.LimitExceeded", 400, "CreateKeyVersion", enginetest.Fields{"KeyId": id})
	small.Refused("Rejected.LimitExceeded", 400, "CreateKeyVersion", enginetest.Fields{"KeyId": small.Key(nil)})
}

// TestRotationRangesUnderStrict: 7 to 730 days for every key, and what the current
// page says where the engine is strict. Case E6.
func TestRotationRangesUnderStrict(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := enginetest.NewWorld(t, func(o *core.Options) { o.Strict = strict })
		for _, tc := range []struct {
			instance, interval  string
			anyway, whereStrict bool
		}{
			{"", "605800s", true, false}, {"", "7d", true, false}, {"", "365d", true, true}, {"", "366d", true, false}, {"", "730d", true, false}, {"", "731d", false, false},
			{w.E.Bootstrap().Instance, "605800s", true, true}, {w.E.Bootstrap().Instance, "365d", true, true}, {w.E.Bootstrap().Instance, "366d", true, false},
			{w.E.Bootstrap().Instance, "604799s", false, false},
		} {
			in := enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": tc.interval}
			if tc.instance != "" {
				in["DKMSInstanceId"] = tc.instance
			}
			if allowed := !strict && tc.anyway || strict && tc.whereStrict; allowed {
				w.Do("CreateKey", in)
			} else {
				w.Refused("InvalidParameter", 400, "CreateKey", in)
			}
		}
	}
}
