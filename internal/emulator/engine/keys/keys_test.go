package keys_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

func TestCreateKeyAnswersWhatTheServiceAnswers(t *testing.T) {
	w := enginetest.NewWorld(t, enginetest.Seeded).WithHardware()
	instance := w.E.Bootstrap().Instance
	account := w.Call.Account
	for _, tc := range []struct {
		name string
		in   enginetest.Fields
		want enginetest.Fields // nil: the field is absent
	}{
		{"default key", enginetest.Fields{"Description": "d"}, enginetest.Fields{
			"AutomaticRotation": "Disabled", "Creator": account, "DKMSInstanceId": nil, "DeleteDate": "", "Description": "d",
			"KeySpec": "Aliyun_AES_256", "KeyState": "Enabled", "KeyUsage": "ENCRYPT/DECRYPT", "MaterialExpireTime": "",
			"NextRotationDate": nil, "Origin": "Aliyun_KMS", "ProtectionLevel": "SOFTWARE", "RotationInterval": nil,
			"CreationDate": "2026-01-31T10:00:00Z", "LastRotationDate": "2026-01-31T10:00:00Z"}},
		{"rotating", enginetest.Fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "8760h"}, enginetest.Fields{
			"AutomaticRotation": "Enabled", "RotationInterval": "31536000s", "NextRotationDate": "2027-01-31T10:00:00Z", "DKMSInstanceId": instance}},
		{"rotating default key", enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "365d"}, enginetest.Fields{"RotationInterval": "31536000s"}},
		{"interval without rotation", enginetest.Fields{"RotationInterval": "7d"}, enginetest.Fields{"AutomaticRotation": "Disabled", "RotationInterval": nil}},
		{"signing by default", enginetest.Fields{"DKMSInstanceId": instance, "KeySpec": "EC_P256"}, enginetest.Fields{"KeyUsage": "SIGN/VERIFY", "PrimaryKeyVersion": nil}},
		{"encrypting pair", enginetest.Fields{"DKMSInstanceId": instance, "KeySpec": "EC_P256", "KeyUsage": "ENCRYPT/DECRYPT"}, enginetest.Fields{"KeyUsage": "ENCRYPT/DECRYPT"}},
		{"hardware", enginetest.Fields{"DKMSInstanceId": enginetest.Hardware, "ProtectionLevel": "SOFTWARE", "KeySpec": "Aliyun_AES_128"}, enginetest.Fields{"ProtectionLevel": "HSM"}},
		{"software ignores level", enginetest.Fields{"DKMSInstanceId": instance, "ProtectionLevel": "HSM"}, enginetest.Fields{"ProtectionLevel": "SOFTWARE"}},
		{"imported", enginetest.Fields{"Origin": "EXTERNAL"}, enginetest.Fields{"KeyState": "PendingImport", "Origin": "EXTERNAL"}},
		{"sm4 in software", enginetest.Fields{"DKMSInstanceId": instance, "KeySpec": "Aliyun_SM4"}, enginetest.Fields{"KeySpec": "Aliyun_SM4"}},
		{"hsm default key", enginetest.Fields{"ProtectionLevel": "HSM"}, enginetest.Fields{"ProtectionLevel": "HSM"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			created := w.Do("CreateKey", tc.in)["KeyMetadata"].(enginetest.Fields)
			id := created["KeyId"].(string)
			if want := fmt.Sprintf("acs:kms:cn-hangzhou:%s:key/%s", account, id); created["Arn"] != want {
				t.Errorf("Arn = %v, want %s", created["Arn"], want)
			}
			described := w.Metadata(id)
			if described["DeletionProtection"] != "Disabled" {
				t.Errorf("DeletionProtection = %v", described["DeletionProtection"])
			}
			for field, want := range tc.want {
				for answer, m := range map[string]enginetest.Fields{"CreateKey": created, "DescribeKey": described} {
					if got, present := m[field]; present != (want != nil) || want != nil && got != want {
						t.Errorf("%s: %s = %v, want %v", answer, field, got, want)
					}
				}
			}
		})
	}
}

func TestKeyIDsLookLikeTheService(t *testing.T) {
	w := enginetest.NewWorld(t)
	for _, tc := range []struct{ id, shape string }{
		{w.Key(nil), "00000000-0000-0000-0000-000000000000"},
		{w.InstanceKey(nil), "key-hzz000000000000000000"},
	} {
		version := w.Metadata(tc.id)["PrimaryKeyVersion"].(string)
		if len(tc.id) != len(tc.shape) || tc.id[:4] != tc.shape[:4] && tc.shape[0] == 'k' {
			t.Errorf("id %q is not like %q", tc.id, tc.shape)
		}
		if len(version) != 36 {
			t.Errorf("version %q has %d characters, ciphertexts need 36", version, len(version))
		}
	}
}

func TestCreateKeyRefusals(t *testing.T) {
	w := enginetest.NewWorld(t, func(o *core.Options) { o.Quotas.DefaultKeys = 2 }).WithHardware()
	instance := w.E.Bootstrap().Instance
	w.Seed(`{"instances":[
		{"id":"kst-old","image":"3.1.0"},
		{"id":"kst-new","status":"Uninitialized"},
		{"id":"kst-small","key_num":1}]}`)
	tags := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"TagKey":"k%d","TagValue":"v"}`, i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for _, tc := range []struct {
		code string
		in   enginetest.Fields
	}{
		{"InvalidParameter", enginetest.Fields{"Description": strings.Repeat("é", 8193)}},
		{"InvalidParameter", enginetest.Fields{"KeySpec": "AES_512"}},
		{"InvalidParameter", enginetest.Fields{"KeyUsage": "SIGN/VERIFY"}},
		{"InvalidParameter", enginetest.Fields{"Origin": "external"}},
		{"InvalidParameter", enginetest.Fields{"ProtectionLevel": "hsm"}},
		{"InvalidParameter", enginetest.Fields{"Tags": "k=v"}},
		{"InvalidParameter", enginetest.Fields{"Tags": tags(21)}},
		{"InvalidParameter", enginetest.Fields{"Tags": `[{"TagKey":"acs:k","TagValue":"v"}]`}},
		{"InvalidParameter", enginetest.Fields{"Tags": `[{"TagKey":"aliyunk","TagValue":"v"}]`}},
		{"InvalidParameter", enginetest.Fields{"Tags": `[{"TagKey":"a b","TagValue":"v"}]`}},
		{"InvalidParameter", enginetest.Fields{"Tags": `[{"TagKey":"a","TagValue":"` + strings.Repeat("v", 129) + `"}]`}},
		{"InvalidParameter", enginetest.Fields{"Tags": `[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"2"}]`}},
		{"MissingParameter", enginetest.Fields{"EnableAutomaticRotation": true}},
		{"InvalidParameter", enginetest.Fields{"EnableAutomaticRotation": true, "RotationInterval": "731d"}},
		{"InvalidParameter", enginetest.Fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "6d"}},
		{"InvalidParameter", enginetest.Fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "731d"}},
		{"InvalidParameter", enginetest.Fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "1w"}},
		{"InvalidParameter", enginetest.Fields{"DKMSInstanceId": instance, "EnableAutomaticRotation": true, "RotationInterval": "99999999999999999999d"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": enginetest.Hardware, "EnableAutomaticRotation": true, "RotationInterval": "30d"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": instance, "KeySpec": "EC_P256", "EnableAutomaticRotation": true, "RotationInterval": "30d"}},
		{"UnsupportedOperation", enginetest.Fields{"Origin": "EXTERNAL", "EnableAutomaticRotation": true, "RotationInterval": "365d"}},
		{"UnsupportedOperation", enginetest.Fields{"KeySpec": "RSA_2048"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": instance, "KeySpec": "Aliyun_AES_128"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": "kst-old", "KeySpec": "Aliyun_SM4"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": "kst-old", "KeySpec": "HMAC_SHA256"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": instance, "Origin": "EXTERNAL"}},
		{"UnsupportedOperation", enginetest.Fields{"DKMSInstanceId": enginetest.Hardware, "KeySpec": "RSA_2048", "Origin": "EXTERNAL"}},
		{"UnsupportedOperation", enginetest.Fields{"Policy": enginetest.PolicyText}},
		{"InvalidParameter", enginetest.Fields{"DKMSInstanceId": instance, "Policy": "{}"}},
		{"InvalidParameter", enginetest.Fields{"DKMSInstanceId": instance, "Policy": enginetest.PolicyText + strings.Repeat(" ", 32768)}},
	} {
		w.Refused(tc.code, 400, "CreateKey", tc.in)
	}
	w.Refused("Forbidden.DKMSInstanceNotFound", 403, "CreateKey", enginetest.Fields{"DKMSInstanceId": "kst-none"})
	w.Refused("Forbidden.DKMSInstanceStateInvalid", 403, "CreateKey", enginetest.Fields{"DKMSInstanceId": "kst-new"})
	if n := w.Do("ListKeys", nil)["TotalCount"]; n != 0.0 {
		t.Errorf("refused calls left %v keys", n)
	}
	w.Key(nil)
	w.Key(nil)
	w.Refused("Rejected.LimitExceeded", 400, "CreateKey", nil)
	w.Key(enginetest.Fields{"DKMSInstanceId": "kst-small"})
	w.Refused("Rejected.LimitExceeded", 400, "CreateKey", enginetest.Fields{"DKMSInstanceId": "kst-small"})
}

func TestKeysAreFoundByIDAliasAndARN(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": id})
	keyARN := w.Metadata(id)["Arn"].(string)
	aliasARN := "acs:kms:cn-hangzhou:" + w.Call.Account + ":alias/a"
	for _, name := range []string{id, "alias/a", keyARN, aliasARN} {
		if got := w.Metadata(name)["KeyId"]; got != id {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, op := range []string{"DescribeKey", "EnableKey", "ListKeyVersions", "ListResourceTags"} {
		w.Refused("MissingParameter", 400, op, nil)
		w.Refused("MissingParameter", 400, op, enginetest.Fields{"KeyId": ""})
		w.Refused("Forbidden.KeyNotFound", 404, op, enginetest.Fields{"KeyId": "none"})
		w.Refused("Forbidden.KeyNotFound", 404, op, enginetest.Fields{"KeyId": strings.Replace(keyARN, "hangzhou", "shanghai", 1)})
		w.Refused("InvalidParameter", 400, op, enginetest.Fields{"KeyId": "acs:kms"})
	}
	for _, op := range []string{"DescribeKey", "ListKeyVersions", "CreateKeyVersion"} {
		w.Refused("Forbidden.AliasNotFound", 404, op, enginetest.Fields{"KeyId": "alias/none"})
	}
	for _, op := range []string{"EnableKey", "DisableKey", "CancelKeyDeletion", "UpdateKeyDescription", "ListResourceTags", "ListAliasesByKeyId", "GetKeyPolicy"} {
		w.Refused("Unsupported.Alias", 400, op, enginetest.Fields{"KeyId": "alias/a"})
	}
}

// Accounts and regions do not see each other.
func TestScopesAreApart(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.Key(nil)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": id})
	for _, there := range []func(*core.Call){
		func(c *core.Call) { c.Region = "cn-shanghai" },
		func(c *core.Call) { c.Account = "2222222222222222" },
	} {
		home := w.Call
		there(&w.Call)
		w.Refused("Forbidden.KeyNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": id})
		w.Refused("Forbidden.AliasNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": "alias/a"})
		if n := w.Do("ListKeys", nil)["TotalCount"]; n != 0.0 {
			t.Errorf("%v keys are visible", n)
		}
		w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/a", "KeyId": w.Key(nil)})
		w.Call = home
	}
}

func TestKeyLife(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(enginetest.Fields{"Description": "d"})
	key := enginetest.Fields{"KeyId": id}
	state := func(want string) {
		t.Helper()
		if got := w.Metadata(id)["KeyState"]; got != want {
			t.Errorf("KeyState = %v, want %s", got, want)
		}
	}
	w.Do("DisableKey", key)
	w.Do("DisableKey", key)
	state("Disabled")
	w.Refused("MissingParameter", 400, "ScheduleKeyDeletion", key)
	for _, n := range []int{0, 6, 367} {
		w.Refused("InvalidParameter", 400, "ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": n})
	}
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 366})
	if got := w.Metadata(id)["DeleteDate"]; got != "2027-02-01T10:00:00Z" {
		t.Errorf("DeleteDate = %v", got)
	}
	w.Do("CancelKeyDeletion", key)
	state("Enabled")
	if got := w.Metadata(id)["DeleteDate"]; got != "" {
		t.Errorf("DeleteDate after CancelKeyDeletion = %v", got)
	}
	w.Do("UpdateKeyDescription", enginetest.Fields{"KeyId": id, "Description": "new"})
	if got := w.Metadata(id)["Description"]; got != "new" {
		t.Errorf("Description = %v", got)
	}
	w.Do("UpdateKeyDescription", key)
	if got := w.Metadata(id)["Description"]; got != "" {
		t.Errorf("Description = %v, want none", got)
	}
	w.Refused("InvalidParameter", 400, "UpdateKeyDescription", enginetest.Fields{"KeyId": id, "Description": strings.Repeat("x", 8193)})
}

func TestScheduledKeyDiesAtItsSecond(t *testing.T) {
	w := enginetest.NewWorld(t)
	id, other := w.InstanceKey(nil), w.InstanceKey(nil)
	for _, a := range []string{"alias/one", "alias/two"} {
		w.Do("CreateAlias", enginetest.Fields{"AliasName": a, "KeyId": id})
	}
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/other", "KeyId": other})
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7})
	if fired := w.Advance(enginetest.Days(7) - time.Second); len(fired) != 0 {
		t.Errorf("a second before: %v", fired)
	}
	w.Metadata(id)
	fired := w.Advance(time.Second)
	if len(fired) != 1 || fired[0].Event != "key deleted" || fired[0].Resource != id || !fired[0].At.Equal(enginetest.Began.Add(enginetest.Days(7))) {
		t.Errorf("fired %+v", fired)
	}
	w.Refused("Forbidden.KeyNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": id})
	w.Refused("Forbidden.AliasNotFound", 404, "DescribeKey", enginetest.Fields{"KeyId": "alias/one"})
	w.Refused("Forbidden.KeyNotFound", 404, "CancelKeyDeletion", enginetest.Fields{"KeyId": id})
	if all := enginetest.List(w.Do("ListAliases", nil), "Aliases.Alias"); len(all) != 1 || all[0]["AliasName"] != "alias/other" {
		t.Errorf("aliases left: %v", all)
	}
	if all := enginetest.List(w.Do("ListKeys", nil), "Keys.Key"); len(all) != 1 || all[0]["KeyId"] != other {
		t.Errorf("keys left: %v", all)
	}
}

// A rescued key does not die.
func TestRescuedKeyLives(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7})
	w.Advance(enginetest.Days(7) - time.Second)
	w.Do("CancelKeyDeletion", enginetest.Fields{"KeyId": id})
	if fired := w.Advance(enginetest.Days(30)); len(fired) != 0 {
		t.Errorf("fired %v", fired)
	}
	w.Metadata(id)
}

func TestDeletionProtection(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	instance := w.E.Bootstrap().Instance
	arn := w.Metadata(id)["Arn"]
	schedule := enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7}
	for _, name := range []enginetest.Fields{{"ProtectedResourceArn": arn}, {"KeyId": id}} {
		set := func(on bool, why string) {
			in := enginetest.Fields{"EnableDeletionProtection": on, "DeletionProtectionDescription": why}
			for k, v := range name {
				in[k] = v
			}
			w.Do("SetDeletionProtection", in)
		}
		set(true, "because")
		if m := w.Metadata(id); m["DeletionProtection"] != "Enabled" || m["DeletionProtectionDescription"] != "because" {
			t.Errorf("metadata %v", m)
		}
		w.Refused("Forbidden.ProhibitedByDeletionProtection", 403, "ScheduleKeyDeletion", schedule)
		set(false, "ignored")
		if m := w.Metadata(id); m["DeletionProtection"] != "Disabled" || m["DeletionProtectionDescription"] != nil {
			t.Errorf("metadata %v", m)
		}
	}
	for _, name := range []enginetest.Fields{{"KmsInstanceId": instance}, {"ProtectedResourceArn": "acs:kms:cn-hangzhou:" + w.Call.Account + ":keystore/" + instance}} {
		name["EnableDeletionProtection"] = true
		w.Do("SetDeletionProtection", name)
	}
	w.Refused("MissingParameter", 400, "SetDeletionProtection", enginetest.Fields{"KeyId": id})
	w.Refused("MissingParameter", 400, "SetDeletionProtection", enginetest.Fields{"EnableDeletionProtection": true})
	w.Refused("InvalidParameter", 400, "SetDeletionProtection", enginetest.Fields{"EnableDeletionProtection": true, "ProtectedResourceArn": id})
	w.Refused("Forbidden.DKMSInstanceNotFound", 403, "SetDeletionProtection", enginetest.Fields{"EnableDeletionProtection": true, "KmsInstanceId": "kst-none"})
	w.Do("ScheduleKeyDeletion", schedule)
}

func TestListKeysFilters(t *testing.T) {
	w := enginetest.NewWorld(t).WithHardware()
	next := func(id string) string { w.Advance(time.Millisecond); return id }
	aes, ec, disabled := next(w.Key(nil)), next(w.InstanceKey(enginetest.Fields{"KeySpec": "EC_P256"})), next(w.InstanceKey(nil))
	w.Do("DisableKey", enginetest.Fields{"KeyId": disabled})
	hsm := next(w.Key(enginetest.Fields{"DKMSInstanceId": enginetest.Hardware}))
	w.Seed(`{"keys":[{"id":"service","service":true}]}`)
	for _, tc := range []struct {
		filters string
		want    []string
	}{
		{``, []string{aes, ec, disabled, hsm, "service"}},
		{`[]`, []string{aes, ec, disabled, hsm, "service"}},
		{`[{"Key":"KeyState","Values":["Disabled"]}]`, []string{disabled}},
		{`[{"Key":"KeyState","Values":[]}]`, []string{aes, ec, disabled, hsm, "service"}},
		{`[{"Key":"KeyState","Values":["PendingDeletion"]}]`, nil},
		{`[{"Key":"KeySpec","Values":["EC_P256","RSA_2048"]}]`, []string{ec}},
		{`[{"Key":"KeyUsage","Values":["SIGN/VERIFY"]}]`, []string{ec}},
		{`[{"Key":"ProtectionLevel","Values":["HSM"]}]`, []string{hsm}},
		{`[{"Key":"CreatorType","Values":["Service"]}]`, []string{"service"}},
		{`[{"Key":"DKMSInstanceId","Values":["` + enginetest.Hardware + `"]}]`, []string{hsm}},
		{`[{"Key":"KeyState","Values":["Enabled"]},{"Key":"KeySpec","Values":["EC_P256"]}]`, []string{ec}},
		{`[{"Key":"KeySpec","Values":["EC_P256"]},{"Key":"KeySpec","Values":["Aliyun_AES_256"]},{"Key":"KeyState","Values":["Disabled"]}]`, []string{disabled}},
	} {
		out := w.Do("ListKeys", enginetest.Fields{"Filters": tc.filters})
		var got []string
		for _, k := range enginetest.List(out, "Keys.Key") {
			got = append(got, k["KeyId"].(string))
		}
		if !slices.Equal(got, tc.want) || out["TotalCount"] != float64(len(tc.want)) {
			t.Errorf("%s: %v of %v, want %v", tc.filters, got, out["TotalCount"], tc.want)
		}
	}
	for _, bad := range []string{
		`{}`, `[{"Key":"Color"}]`, `x`, `[] []`,
		`[` + strings.Repeat(`{"Key":"KeyState"},`, 10) + `{"Key":"KeyState"}]`,
		`[{"Key":"KeyState","Values":["1","2","3","4","5","6","7","8","9","10","11"]}]`,
	} {
		w.Refused("InvalidParameter", 400, "ListKeys", enginetest.Fields{"Filters": bad})
	}
}

// Pages put together are the whole list, in one order, whatever their size.
func TestPagesMakeUpTheList(t *testing.T) {
	const keys = 23
	w := enginetest.NewWorld(t, enginetest.Generous)
	var ids, aliases []string
	for i := range keys {
		w.Advance(time.Duration(i%3) * time.Second) // several keys share an instant
		id := w.Key(nil)
		alias := fmt.Sprintf("alias/%02d", keys-i)
		w.Do("CreateAlias", enginetest.Fields{"AliasName": alias, "KeyId": firstOr(ids, id)})
		ids, aliases = append(ids, id), append(aliases, alias)
	}
	rotated := w.InstanceKey(nil)
	ids = append(ids, rotated)
	for range keys - 1 {
		w.Do("CreateKeyVersion", enginetest.Fields{"KeyId": rotated})
	}
	lists := []struct {
		op, path, field string
		in              enginetest.Fields
		total           int
	}{
		{"ListKeys", "Keys.Key", "KeyId", enginetest.Fields{}, keys + 1},
		{"ListKeys", "Keys.Key", "KeyId", enginetest.Fields{"Filters": `[{"Key":"KeyState","Values":["Enabled"]}]`}, keys + 1},
		{"ListAliases", "Aliases.Alias", "AliasName", enginetest.Fields{}, keys},
		{"ListAliasesByKeyId", "Aliases.Alias", "AliasName", enginetest.Fields{"KeyId": ids[0]}, keys},
		{"ListKeyVersions", "KeyVersions.KeyVersion", "KeyVersionId", enginetest.Fields{"KeyId": rotated}, keys},
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := rapid.SampledFrom(lists).Draw(rt, "list")
		size := rapid.IntRange(1, 100).Draw(rt, "size")
		var got []string
		for number := 1; ; number++ {
			in := enginetest.Fields{"PageNumber": number, "PageSize": size}
			for k, v := range l.in {
				in[k] = v
			}
			out := w.Do(l.op, in)
			if out["TotalCount"] != float64(l.total) || out["PageNumber"] != float64(number) || out["PageSize"] != float64(size) {
				rt.Fatalf("%s page %d: %v", l.op, number, out)
			}
			page := enginetest.List(out, l.path)
			if want := min(size, max(0, l.total-(number-1)*size)); len(page) != want {
				rt.Fatalf("%s page %d of size %d has %d items, want %d", l.op, number, size, len(page), want)
			}
			for _, item := range page {
				got = append(got, item[l.field].(string))
			}
			if len(page) < size {
				break
			}
		}
		whole := enginetest.List(w.Do(l.op, enginetest.Merge(l.in, enginetest.Fields{"PageSize": 100})), l.path)
		for i, item := range whole {
			if got[i] != item[l.field] {
				rt.Fatalf("%s: item %d is %s by pages of %d, %v at once", l.op, i, got[i], size, item[l.field])
			}
		}
	})
	for _, l := range lists {
		for _, bad := range []enginetest.Fields{{"PageNumber": 0}, {"PageNumber": -1}, {"PageNumber": 1 << 40}, {"PageSize": 0}, {"PageSize": 102}} {
			w.Refused("InvalidParameter", 400, l.op, enginetest.Merge(l.in, bad))
		}
		if out := w.Do(l.op, l.in); out["PageSize"] != 10.0 || out["PageNumber"] != 1.0 {
			t.Errorf("%s: default page %v of size %v", l.op, out["PageNumber"], out["PageSize"])
		}
		if out := w.Do(l.op, enginetest.Merge(l.in, enginetest.Fields{"PageNumber": 1<<31 - 1, "PageSize": 100})); len(enginetest.List(out, l.path)) != 0 {
			t.Errorf("%s: the last possible page is not empty", l.op)
		}
	}
	// Keys come in the order of their creation.
	created := enginetest.List(w.Do("ListAliases", enginetest.Fields{"PageSize": 100}), "Aliases.Alias")
	var seconds []string
	for _, k := range enginetest.List(w.Do("ListKeys", enginetest.Fields{"PageSize": 100}), "Keys.Key") {
		seconds = append(seconds, w.Metadata(k["KeyId"].(string))["CreationDate"].(string))
	}
	if !slices.IsSorted(seconds) || len(created) != len(aliases) {
		t.Errorf("keys are listed by creation %v", seconds)
	}
}

// firstOr is the first of the ids, or first: all aliases point to the first key.
func firstOr(ids []string, first string) string {
	if len(ids) > 0 {
		return ids[0]
	}
	return first
}

func TestEmptyListsAreArrays(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Call.Region = "cn-shanghai" // nothing there
	id := w.Key(nil)
	for _, tc := range []struct {
		op, path string
		in       enginetest.Fields
	}{
		{"ListAliases", "Aliases.Alias", nil},
		{"ListAliasesByKeyId", "Aliases.Alias", enginetest.Fields{"KeyId": id}},
		{"ListResourceTags", "Tags.Tag", enginetest.Fields{"KeyId": id}},
		{"ListTagResources", "TagResources.TagResource", enginetest.Fields{"ResourceType": "key", "ResourceId": []string{id}}},
		{"ListKmsInstances", "KmsInstances.KmsInstance", nil},
		{"ListApplicationAccessPoints", "ApplicationAccessPoints.ApplicationAccessPoint", nil},
		{"ListNetworkRules", "NetworkRules.NetworkRule", nil},
		{"ListPolicies", "Policies.Policy", nil},
		{"ListSecrets", "SecretList.Secret", nil},
		{"ListKeys", "Keys.Key", enginetest.Fields{"PageNumber": 2}},
		{"ListKeyVersions", "KeyVersions.KeyVersion", enginetest.Fields{"KeyId": id, "PageNumber": 2}},
	} {
		if all := enginetest.List(w.Do(tc.op, tc.in), tc.path); len(all) != 0 {
			t.Errorf("%s: %v", tc.op, all)
		}
	}
}
