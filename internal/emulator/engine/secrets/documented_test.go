package secrets_test

import (
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// What the pages of the operations on secrets say, as the comments of the vendor's SDK
// (kms-20160120/v3 v3.2.3, client.go) repeat them, unless a test names another source.

var rds = enginetest.Fields{
	"SecretName": "db", "SecretType": "Rds", "VersionId": "v1", "SecretData": rdsData,
	"ExtendedConfig": enginetest.Fields{"SecretSubType": "SingleUser", "DBInstanceId": "rm-1", "CustomData": enginetest.Fields{}},
}

// TestGenericSecretsShowNoRotationAndNoConfiguration: "This parameter is returned only for a managed … secret"
// (DescribeSecret and GetSecretValue, AutomaticRotation and ExtendedConfig; CreateSecret).
func TestGenericSecretsShowNoRotationAndNoConfiguration(t *testing.T) {
	w := enginetest.NewWorld(t)
	generic := enginetest.Fields{"SecretName": "plain", "VersionId": "v1", "SecretData": "x", "ExtendedConfig": enginetest.Fields{"CustomData": enginetest.Fields{"a": "b"}}}
	for name, c := range map[string]struct {
		in       enginetest.Fields
		rotation any
		config   bool
	}{"plain": {generic, nil, false}, "db": {rds, "Disabled", true}} {
		for operation, in := range map[string]enginetest.Fields{
			"CreateSecret":   c.in,
			"DescribeSecret": {"SecretName": name},
			"GetSecretValue": {"SecretName": name, "FetchExtendedConfig": true},
		} {
			if operation != "CreateSecret" {
				if code, _ := w.Refusal("DescribeSecret", enginetest.Fields{"SecretName": name}); code != "" {
					w.Do("CreateSecret", c.in)
				}
			} else if code, _ := w.Refusal("DescribeSecret", enginetest.Fields{"SecretName": name}); code == "" {
				w.Do("DeleteSecret", enginetest.Fields{"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
			}
			got := w.Do(operation, in)
			if got["AutomaticRotation"] != c.rotation || (got["ExtendedConfig"] != nil) != c.config {
				t.Errorf("%s of %s: %v", operation, name, got)
			}
		}
	}
}

// TestValuesOfManagedSecretsAreOneAccount: GetSecretValue's page gives the format of Rds and RAMCredentials values;
// VersionId "is ignored for a managed … secret".
func TestValuesOfManagedSecretsAreOneAccount(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Do("CreateSecret", rds)
	ram := w.Do("CreateSecret", enginetest.Fields{
		"SecretName": "$Auto", "SecretType": "RAMCredentials", "VersionId": "v1",
		"SecretData":     `{"AccessKeys":[{"AccessKeyId":"id","AccessKeySecret":"s"}]}`,
		"ExtendedConfig": enginetest.Fields{"SecretSubType": "RamUserAccessKey", "UserName": "bob"},
	})["SecretName"]
	w.Do("CreateSecret", enginetest.Fields{
		"SecretName": "acs/ecs/root", "SecretType": "ECS", "VersionId": "v1", "SecretData": `{"UserName":"root","Password":"p"}`,
		"ExtendedConfig": enginetest.Fields{"SecretSubType": "Password", "RegionId": "r", "InstanceId": "i"},
	})
	for name, want := range map[any]string{
		"db":           `{"AccountName":"app","AccountPassword":"first"}`,
		ram:            `{"AccessKeyId":"id","AccessKeySecret":"s","GenerateTimestamp":"2026-01-31T10:00:00Z"}`,
		"acs/ecs/root": `{"UserName":"root","Password":"p"}`,
	} {
		for _, version := range []any{nil, "v1", "none"} {
			if got := w.Do("GetSecretValue", enginetest.Fields{"SecretName": name, "VersionId": version})["SecretData"]; got != want {
				t.Errorf("%v, version %v: %v, want %s", name, version, got, want)
			}
		}
	}
	w.Refused("Forbidden.ResourceNotFound", 404, "GetSecretValue", enginetest.Fields{"SecretName": "db", "VersionStage": "Other"})
}

// TestShapesOfManagedValues: "the secret value must be in the format of …" (CreateSecret).
func TestShapesOfManagedValues(t *testing.T) {
	w := enginetest.NewWorld(t)
	for _, data := range []string{
		`{"AccountName":"a","AccountPassword":"p"}`, `{"Accounts":[]}`, `{"Accounts":[{"AccountPassword":"p"}]}`,
		`{"Accounts":[{"AccountName":"a","AccountPassword":"p"},{"AccountName":"b"}]}`, `{"Accounts":["a"]}`, `[]`, `x`,
	} {
		w.Refused("InvalidParameter", 400, "CreateSecret", enginetest.Merge(rds, enginetest.Fields{"SecretData": data}))
	}
	ecs := enginetest.Fields{"SecretName": "acs/ecs/x", "SecretType": "ECS", "VersionId": "v1", "ExtendedConfig": enginetest.Fields{"SecretSubType": "Password", "RegionId": "r", "InstanceId": "i"}}
	for _, data := range []string{`{"Password":"p"}`, `{"UserName":"root"}`, `{"UserName":"root","PrivateKey":"k"}`} {
		w.Refused("InvalidParameter", 400, "CreateSecret", enginetest.Merge(ecs, enginetest.Fields{"SecretData": data}))
	}
}

// TestCustomDataIsOfManagedSecrets: "This parameter is unavailable for generic secrets" (UpdateSecret).
func TestCustomDataIsOfManagedSecrets(t *testing.T) {
	w := enginetest.NewWorld(t)
	w.Do("CreateSecret", enginetest.Fields{"SecretName": "plain", "VersionId": "v1", "SecretData": "x"})
	w.Do("CreateSecret", rds)
	custom := enginetest.Fields{"ExtendedConfig": enginetest.Fields{"CustomData": enginetest.Fields{"team": "orders"}}}
	w.Refused("UnsupportedOperation", 400, "UpdateSecret", enginetest.Merge(custom, enginetest.Fields{"SecretName": "plain"}))
	w.Do("UpdateSecret", enginetest.Merge(custom, enginetest.Fields{"SecretName": "db"}))
	const want = `{"CustomData":{"team":"orders"},"DBInstanceId":"rm-1","SecretSubType":"SingleUser"}`
	if got := w.Do("DescribeSecret", enginetest.Fields{"SecretName": "db"})["ExtendedConfig"]; got != want {
		t.Errorf("%v", got)
	}
}

// TestListSecretsFilters: up to ten pairs of up to ten values (ListSecrets, 2025-10).
func TestListSecretsFilters(t *testing.T) {
	w := enginetest.NewWorld(t)
	for i := range 3 {
		w.Do("CreateSecret", enginetest.Fields{
			"SecretName": fmt.Sprint("app/", i), "VersionId": "v1", "SecretData": "x", "Description": fmt.Sprint("number ", i%2),
			"Tags": fmt.Sprintf(`[{"TagKey":"n","TagValue":"%d"}]`, i),
		})
	}
	for filters, want := range map[string]int{
		`[{"Key":"SecretName","Values":["app/0","app/2"]}]`:                                   2,
		`[{"Key":"Description","Values":["number 0"]},{"Key":"TagValue","Values":["2","1"]}]`: 1,
		`[{"Key":"TagKey","Values":["n"]},{"Key":"TagKey","Values":["m"]}]`:                   3,
		`[{"Key":"TagKey","Values":["m"]}]`:                                                   0,
		`[{"Key":"TagKey","Values":[]}]`:                                                      3,
		`[{"Key":"SecretName","Values":["1","2","3","4","5","6","7","8","9","10"]}]`:          2,
	} {
		if got := len(enginetest.List(w.Do("ListSecrets", enginetest.Fields{"Filters": filters}), "SecretList.Secret")); got != want {
			t.Errorf("%s: %d secrets, want %d", filters, got, want)
		}
	}
	w.Refused("InvalidParameter", 400, "ListSecrets", enginetest.Fields{"Filters": `[{"Key":"SecretName","Values":["1","2","3","4","5","6","7","8","9","10","11"]}]`})
}

// TestSecretsNameTheirKeyByID: CreateSecret is not among the operations that take an alias (Responses.md: "Alias is
// not valid for this api.").
func TestSecretsNameTheirKeyByID(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := w.InstanceKey(nil)
	w.Do("CreateAlias", enginetest.Fields{"AliasName": "alias/k", "KeyId": id})
	in := enginetest.Fields{"SecretName": "s", "VersionId": "v1", "SecretData": "x", "DKMSInstanceId": w.E.Bootstrap().Instance}
	w.Refused("Unsupported.Alias", 400, "CreateSecret", enginetest.Merge(in, enginetest.Fields{"EncryptionKeyId": "alias/k"}))
	w.Do("CreateSecret", enginetest.Merge(in, enginetest.Fields{"EncryptionKeyId": id}))
}

// TestReadingASecretNeedsItsKey: "you must also have the kms:Decrypt permission on the CMK" (GetSecretValue); a session
// through the shared gateway is asked for GetSecretValue alone (document_detail/601559).
func TestReadingASecretNeedsItsKey(t *testing.T) {
	for _, c := range []struct {
		gateway   core.Gateway
		principal string
		refusal   string
	}{
		{core.Public, "user/tester", "Forbidden.NoPermission"},
		{core.Public, "assumed-role/r/s", ""},
		{core.Dedicated, "user/tester", "Forbidden.NoPermission"},
		{core.Dedicated, "assumed-role/r/s", "Forbidden.NoPermission"},
	} {
		w := enginetest.NewWorld(t, func(o *core.Options) { o.Strict = true })
		instance := w.E.Bootstrap().Instance
		key := w.InstanceKey(nil)
		w.Do("CreateSecret", enginetest.Fields{"SecretName": "s", "VersionId": "v1", "SecretData": "x", "DKMSInstanceId": instance, "EncryptionKeyId": key})
		w.Do("SetKeyPolicy", enginetest.Fields{"KeyId": key, "Policy": `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["*"]},"Action":["kms:DescribeKey"],"Resource":["*"]}]}`})
		w.Call.Gateway, w.Call.Principal = c.gateway, "acs:ram::"+w.Call.Account+":"+c.principal
		if c.gateway == core.Dedicated {
			w.Call.Instance = instance
		}
		if code, _ := w.Refusal("GetSecretValue", enginetest.Fields{"SecretName": "s"}); code != c.refusal {
			t.Errorf("%s as %s: %q, want %q", c.gateway, c.principal, code, c.refusal)
		}
	}
}
