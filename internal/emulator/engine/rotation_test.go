package engine_test

import (
	"fmt"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

func versions(w *world, id string) []fields {
	w.Helper()
	return list(w.do("ListKeyVersions", fields{"KeyId": id, "PageSize": 100}), "KeyVersions.KeyVersion")
}

// Eight times ninety days are eight rotations, each at its own instant, and
// everything ever encrypted still opens.
func TestAdvanceRotates(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(fields{"EnableAutomaticRotation": true, "RotationInterval": "90d"})
	blobs := map[string]any{}
	for i := range 9 {
		text := fmt.Sprint("text ", i)
		blobs[text] = w.do("Encrypt", fields{"KeyId": id, "Plaintext": base64Of(text)})["CiphertextBlob"]
		if i == 8 {
			break
		}
		fired := w.advance(days(90))
		if len(fired) != 1 || fired[0].Event != "key rotated" || !fired[0].At.Equal(began.Add(days(90*(i+1)))) {
			t.Fatalf("round %d: fired %+v", i, fired)
		}
		all := versions(w, id)
		if len(all) != i+2 || w.metadata(id)["PrimaryKeyVersion"] != all[i+1]["KeyVersionId"] {
			t.Fatalf("round %d: %d versions, primary %v", i, len(all), w.metadata(id)["PrimaryKeyVersion"])
		}
	}
	for text, blob := range blobs {
		if got := w.do("Decrypt", fields{"CiphertextBlob": blob})["Plaintext"]; got != base64Of(text) {
			t.Errorf("%s decrypts to %v", text, got)
		}
	}
	// All at once is the same.
	again := newWorld(t)
	id = again.instanceKey(fields{"EnableAutomaticRotation": true, "RotationInterval": "90d"})
	fired := again.advance(days(8 * 90))
	for i, f := range fired {
		if !f.At.Equal(began.Add(days(90 * (i + 1)))) {
			t.Errorf("rotation %d at %s", i, f.At)
		}
	}
	if n := len(versions(again, id)); len(fired) != 8 || n != 9 {
		t.Errorf("%d rotations, %d versions", len(fired), n)
	}
}

func TestEventsFireInTheOrderOfTime(t *testing.T) {
	w := newWorld(t)
	slow := w.instanceKey(fields{"EnableAutomaticRotation": true, "RotationInterval": "20d"})
	fast := w.instanceKey(fields{"EnableAutomaticRotation": true, "RotationInterval": "8d"})
	dying := w.instanceKey(nil)
	w.do("ScheduleKeyDeletion", fields{"KeyId": dying, "PendingWindowInDays": 10})
	fired := w.advance(days(21))
	want := []struct {
		day int
		id  string
	}{{8, fast}, {10, dying}, {16, fast}, {20, slow}}
	if len(fired) != len(want) {
		t.Fatalf("fired %+v", fired)
	}
	for i, f := range fired {
		if f.Resource != want[i].id || !f.At.Equal(began.Add(days(want[i].day))) {
			t.Errorf("event %d: %+v, want %+v", i, f, want[i])
		}
	}
	if got := w.e.Clock().Now(); !got.Equal(began.Add(days(21))) {
		t.Errorf("the clock shows %s", got)
	}
}

// What falls due while the clock runs on its own happens before the next call.
func TestDueEventsFireBeforeACall(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 7})
	w.e.Clock().Set(began.Add(days(7))) // as a running clock would get there, without the engine
	w.refused("Forbidden.KeyNotFound", 404, "DescribeKey", fields{"KeyId": id})
}

func TestRotationPolicy(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	policy := func(on bool, interval string) fields {
		in := fields{"KeyId": id, "EnableAutomaticRotation": on}
		if interval != "" {
			in["RotationInterval"] = interval
		}
		return in
	}
	w.do("UpdateRotationPolicy", policy(true, "30d"))
	m := w.metadata(id)
	if m["AutomaticRotation"] != "Enabled" || m["RotationInterval"] != "2592000s" || m["NextRotationDate"] != "2026-03-02T10:00:00Z" {
		t.Errorf("metadata %v", m)
	}
	w.do("DisableKey", fields{"KeyId": id})
	m = w.metadata(id)
	if m["AutomaticRotation"] != "Suspended" || m["RotationInterval"] != "2592000s" || m["NextRotationDate"] == nil {
		t.Errorf("metadata of the disabled key %v", m)
	}
	if fired := w.advance(days(100)); len(fired) != 0 {
		t.Errorf("a disabled key rotated: %v", fired)
	}
	w.do("EnableKey", fields{"KeyId": id})
	if n := len(versions(w, id)); n != 2 {
		t.Errorf("%d versions after a key was enabled with its turn long past, want 2", n)
	}
	w.do("UpdateRotationPolicy", policy(true, "200d"))
	w.advance(days(20))
	w.do("UpdateRotationPolicy", policy(true, "10d")) // the turn is past now
	if n := len(versions(w, id)); n != 3 {
		t.Errorf("%d versions after the interval was shortened, want 3", n)
	}
	w.do("UpdateRotationPolicy", policy(false, ""))
	m = w.metadata(id)
	if m["AutomaticRotation"] != "Disabled" || m["RotationInterval"] != nil || m["NextRotationDate"] != nil {
		t.Errorf("metadata without rotation %v", m)
	}
	if fired := w.advance(days(100)); len(fired) != 0 {
		t.Errorf("fired %v", fired)
	}
}

func TestRotationRefusals(t *testing.T) {
	w := newWorld(t).withHardware()
	on := func(id, interval string) fields {
		return fields{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": interval}
	}
	soft, ordinary := w.instanceKey(nil), w.key(nil)
	w.refused("InvalidParameter", 400, "UpdateRotationPolicy", on(soft, "6d"))
	w.refused("InvalidParameter", 400, "UpdateRotationPolicy", on(soft, "731d"))
	w.refused("InvalidParameter", 400, "UpdateRotationPolicy", on(ordinary, "6d"))
	w.refused("MissingParameter", 400, "UpdateRotationPolicy", fields{"KeyId": soft, "EnableAutomaticRotation": true})
	w.refused("MissingParameter", 400, "UpdateRotationPolicy", fields{"KeyId": soft, "RotationInterval": "30d"})
	w.refused("Unsupported.Alias", 400, "UpdateRotationPolicy", on("alias/a", "30d"))
	for _, in := range []fields{
		{"DKMSInstanceId": w.e.Bootstrap().Instance, "KeySpec": "EC_P256"},
		{"DKMSInstanceId": w.e.Bootstrap().Instance, "KeySpec": "HMAC_SHA256"},
		{"DKMSInstanceId": hardware},
	} {
		id := w.key(in)
		w.refused("Rejected.UnsupportedOperation", 400, "UpdateRotationPolicy", on(id, "30d"))
		w.refused("Rejected.UnsupportedOperation", 400, "CreateKeyVersion", fields{"KeyId": id})
	}
	w.seed(`{"keys":[{"id":"service","service":true},{"id":"imported","origin":"EXTERNAL","versions":[{}]}]}`)
	for _, id := range []string{"service", "imported"} {
		w.refused("Rejected.UnsupportedOperation", 400, "UpdateRotationPolicy", on(id, "365d"))
	}
}

func TestLegacyRotationProfile(t *testing.T) {
	w := newWorld(t, func(o *engine.Options) { o.Rotation = engine.LegacyRotation }).withHardware()
	id := w.key(nil)
	w.do("UpdateRotationPolicy", fields{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "730d"})
	w.refused("InvalidParameter", 400, "UpdateRotationPolicy", fields{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "731d"})
	pair := w.key(fields{"DKMSInstanceId": hardware, "KeySpec": "EC_P256"})
	w.refused("Rejected.UnsupportedOperation", 400, "CreateKeyVersion", fields{"KeyId": pair}) // too soon
	w.advance(days(7))
	first := versions(w, pair)[0]["KeyVersionId"]
	if second := w.do("CreateKeyVersion", fields{"KeyId": pair})["KeyVersion"].(fields); second["KeyVersionId"] == first {
		t.Errorf("no new version: %v", second)
	}
}

func TestKeyVersions(t *testing.T) {
	w := newWorld(t)
	id := w.instanceKey(nil)
	first := w.metadata(id)["PrimaryKeyVersion"]
	w.advance(time.Minute)
	second := w.do("CreateKeyVersion", fields{"KeyId": id})["KeyVersion"].(fields)
	if second["KeyId"] != id || second["CreationDate"] != "2026-01-31T10:01:00Z" {
		t.Errorf("new version %v", second)
	}
	m := w.metadata(id)
	if m["PrimaryKeyVersion"] != second["KeyVersionId"] || m["LastRotationDate"] != "2026-01-31T10:01:00Z" {
		t.Errorf("metadata %v", m)
	}
	for _, v := range []any{first, second["KeyVersionId"]} {
		if got := w.do("DescribeKeyVersion", fields{"KeyId": id, "KeyVersionId": v})["KeyVersion"].(fields); got["KeyVersionId"] != v {
			t.Errorf("described %v, want %v", got, v)
		}
	}
	other := w.instanceKey(nil)
	w.refused("Forbidden.KeyVersionNotFound", 404, "DescribeKeyVersion", fields{"KeyId": other, "KeyVersionId": first})
	w.refused("Forbidden.KeyVersionNotFound", 404, "DescribeKeyVersion", fields{"KeyId": id, "KeyVersionId": "none"})
	w.refused("MissingParameter", 400, "DescribeKeyVersion", fields{"KeyId": id})
}

// Versions use up quota; a rotation that finds none is skipped, and time goes on.
func TestVersionQuota(t *testing.T) {
	w := newWorld(t)
	w.seed(`{"instances":[{"id":"kst-small","key_num":2}]}`)
	id := w.key(fields{"DKMSInstanceId": "kst-small", "EnableAutomaticRotation": true, "RotationInterval": "10d"})
	fired := w.advance(days(35))
	if len(fired) != 2 || fired[0].Detail == "" || fired[1].Detail[:7] != "skipped" {
		t.Errorf("fired %+v", fired)
	}
	if got := w.metadata(id)["NextRotationDate"]; got != "2026-03-12T10:00:00Z" {
		t.Errorf("the next turn is %v", got)
	}
	if n := len(versions(w, id)); n != 2 {
		t.Errorf("%d versions, want 2", n)
	}
	w.refused("Rejected.LimitExceeded", 400, "CreateKeyVersion", fields{"KeyId": id})
	small := newWorld(t, func(o *engine.Options) { o.Quotas.DefaultVersions = 1 })
	w.refused("Rejected.LimitExceeded", 400, "CreateKeyVersion", fields{"KeyId": id})
	small.refused("Rejected.LimitExceeded", 400, "CreateKeyVersion", fields{"KeyId": small.key(nil)})
}

// TestRotationRangesUnderStrict: 7 to 730 days for every key, and what the current
// page says where the engine is strict. Case E6.
func TestRotationRangesUnderStrict(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := newWorld(t, func(o *engine.Options) { o.Strict = strict })
		for _, tc := range []struct {
			instance, interval  string
			anyway, whereStrict bool
		}{
			{"", "605800s", true, false}, {"", "7d", true, false}, {"", "365d", true, true}, {"", "366d", true, false}, {"", "730d", true, false}, {"", "731d", false, false},
			{w.e.Bootstrap().Instance, "605800s", true, true}, {w.e.Bootstrap().Instance, "365d", true, true}, {w.e.Bootstrap().Instance, "366d", true, false},
			{w.e.Bootstrap().Instance, "604799s", false, false},
		} {
			in := fields{"EnableAutomaticRotation": true, "RotationInterval": tc.interval}
			if tc.instance != "" {
				in["DKMSInstanceId"] = tc.instance
			}
			if allowed := !strict && tc.anyway || strict && tc.whereStrict; allowed {
				w.do("CreateKey", in)
			} else {
				w.refused("InvalidParameter", 400, "CreateKey", in)
			}
		}
	}
}
