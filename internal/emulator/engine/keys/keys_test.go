package keys_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
	w.Refused("Forbidden.DKMSInstanceNotFound", 404, "CreateKey", enginetest.Fields{"DKMSInstanceId": "kst-none"})
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
	w.Refused("Forbidden.DKMSInstanceNotFound", 404, "SetDeletionProtection", enginetest.Fields{"EnableDeletionProtection": true, "KmsInstanceId": "kst-none"})
	w.Do("ScheduleKeyDeletion", schedule)
}
