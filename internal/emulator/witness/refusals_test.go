package witness

import (
	"bytes"
	"encoding/base64"
	"strings"
	"time"
)

// refuse provokes the refusals that the public gateway documents and that a
// well-behaved SDK can meet. What only broken requests meet is in wire_test.go.
func (w *world) refuse(c client) {
	w.Helper()
	for _, chapter := range []func(client){
		w.refuseByState, w.refuseNames, w.refuseParameters, w.refuseKinds, w.refuseImports, w.refuseSecrets, w.refuseInstances, w.refuseRehearsals, w.refuseByFault,
	} {
		chapter(c)
	}
}

// keyIn makes a key in a state, with a ciphertext of its own from before.
func (w *world) keyIn(state string) (id, sealed string) {
	w.Helper()
	if state == "PendingImport" {
		id = w.key(w.helper, params{"DKMSInstanceId": nil, "Origin": "EXTERNAL"})
		token, material := w.material(w.helper, id, bytes.Repeat([]byte{3}, 32))
		w.must(w.helper, "ImportKeyMaterial", params{"KeyId": id, "EncryptedKeyMaterial": material, "ImportToken": token, "KeyMaterialExpireUnix": 0})
	} else {
		id = w.key(w.helper, nil)
	}
	sealed = w.must(w.helper, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8="}).text("CiphertextBlob")
	switch state {
	case "Disabled":
		w.must(w.helper, "DisableKey", params{"KeyId": id})
	case "PendingDeletion":
		w.must(w.helper, "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 7})
	case "PendingImport":
		w.must(w.helper, "DeleteKeyMaterial", params{"KeyId": id})
	}
	return id, sealed
}

// refuseByState is the table "Impact of CMK status on API operations".
func (w *world) refuseByState(c client) {
	w.Helper()
	for _, state := range []string{"Disabled", "PendingDeletion", "PendingImport"} {
		id, sealed := w.keyIn(state)
		rejected := "409 Rejected." + state
		w.refused(c, rejected, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8="})
		w.refused(c, rejected, "Decrypt", params{"CiphertextBlob": sealed})
		w.refused(c, rejected, "GenerateDataKey", params{"KeyId": id})
		w.refused(c, rejected, "GenerateDataKeyWithoutPlaintext", params{"KeyId": id})
		w.refused(c, rejected, "CreateKeyVersion", params{"KeyId": id})
		w.refused(c, rejected, "UpdateRotationPolicy", params{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "30d"})
		if state != "PendingDeletion" {
			w.refused(c, "409 Rejected.StateModifiedFailed", "CancelKeyDeletion", params{"KeyId": id})
		}
		if state != "Disabled" {
			w.refused(c, "409 Rejected.StateModifiedFailed", "EnableKey", params{"KeyId": id})
			w.refused(c, "409 Rejected.StateModifiedFailed", "DisableKey", params{"KeyId": id})
		}
	}
	id, _ := w.keyIn("PendingDeletion")
	w.refused(c, "409 Rejected.PendingDeletion", "UpdateKeyDescription", params{"KeyId": id, "Description": "x"})
	w.refused(c, "409 Rejected.PendingDeletion", "TagResource", params{"KeyId": id, "Tags": `[{"TagKey":"a","TagValue":"1"}]`})
	w.refused(c, "409 Rejected.PendingDeletion", "UntagResource", params{"KeyId": id, "TagKeys": `["a"]`})
	w.refused(c, "409 Rejected.StateModifiedFailed", "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 7})
	w.refused(c, "409 Rejected.StateModifiedFailed", "CreateAlias", params{"KeyId": id, "AliasName": "alias/" + w.name("dying")})
	alias := "alias/" + w.name("moving")
	w.must(w.helper, "CreateAlias", params{"KeyId": w.key(w.helper, nil), "AliasName": alias})
	w.refused(c, "409 Rejected.PendingDeletion", "UpdateAlias", params{"KeyId": id, "AliasName": alias})
}

func (w *world) refuseNames(c client) {
	w.Helper()
	id := w.key(w.helper, nil)
	for _, operation := range []string{"DescribeKey", "EnableKey", "DisableKey", "CancelKeyDeletion", "ListKeyVersions", "CreateKeyVersion", "ListResourceTags", "GenerateDataKey"} {
		w.refused(c, "404 Forbidden.KeyNotFound", operation, params{"KeyId": "key-nothing"})
	}
	w.refused(c, "404 Forbidden.KeyNotFound", "ScheduleKeyDeletion", params{"KeyId": "key-nothing", "PendingWindowInDays": 7})
	w.refused(c, "404 Forbidden.KeyNotFound", "CreateAlias", params{"KeyId": "key-nothing", "AliasName": "alias/" + w.name("lost")})
	w.refused(c, "404 Forbidden.KeyNotFound", "UpdateRotationPolicy", params{"KeyId": "key-nothing", "EnableAutomaticRotation": false})
	w.refused(c, "404 Forbidden.AliasNotFound", "DescribeKey", params{"KeyId": "alias/nothing"})
	w.refused(c, "404 Forbidden.AliasNotFound", "Encrypt", params{"KeyId": "alias/nothing", "Plaintext": "aGVsbG8="})
	w.refused(c, "404 Forbidden.AliasNotFound", "UpdateAlias", params{"KeyId": id, "AliasName": "alias/nothing"})
	w.refused(c, "404 Forbidden.AliasNotFound", "DeleteAlias", params{"AliasName": "alias/nothing"})
	w.refused(c, "404 Forbidden.KeyVersionNotFound", "DescribeKeyVersion", params{"KeyId": id, "KeyVersionId": "00000000-0000-4000-8000-000000000000"})
	alias := "alias/" + w.name("taken")
	w.must(w.helper, "CreateAlias", params{"KeyId": id, "AliasName": alias})
	w.refused(c, "400 AliasAlreadyExists", "CreateAlias", params{"KeyId": id, "AliasName": alias})
	w.refused(c, "400 Unsupported.Alias", "DisableKey", params{"KeyId": alias})
	w.refused(c, "400 InvalidParameter", "CreateAlias", params{"KeyId": id, "AliasName": "alias/acs/mine"})
}

func (w *world) refuseParameters(c client) {
	w.Helper()
	id := w.key(w.helper, nil)
	w.refused(c, "400 MissingParameter", "DescribeKey", params{})
	w.refused(c, "400 MissingParameter", "ScheduleKeyDeletion", params{"KeyId": id})
	w.refused(c, "400 InvalidParameter", "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 6})
	w.refused(c, "400 InvalidParameter", "CreateKey", params{"KeySpec": "DES"})
	w.refused(c, "400 InvalidParameter", "CreateKey", params{"Origin": "external"})
	w.refused(c, "400 InvalidParameter", "UpdateRotationPolicy", params{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "6d"})
	w.refused(c, "400 InvalidParameter", "ListKeys", params{"PageSize": 101})
	w.refused(c, "400 InvalidParameter", "Encrypt", params{"KeyId": id, "Plaintext": base64.StdEncoding.EncodeToString(make([]byte, 6145))})
	w.refused(c, "400 InvalidParameter", "GenerateDataKey", params{"KeyId": id, "NumberOfBytes": 1025})
	w.refused(c, "400 InvalidParameter", "Decrypt", params{"CiphertextBlob": "AAAA"})
	sealed := w.must(w.helper, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8=", "EncryptionContext": map[string]any{"a": "b"}})
	w.refused(c, "400 InvalidParameter", "Decrypt", params{"CiphertextBlob": sealed.text("CiphertextBlob")})
}

func (w *world) refuseKinds(c client) {
	w.Helper()
	rsa, external := w.key(w.helper, params{"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT/DECRYPT"}), w.key(w.helper, params{"DKMSInstanceId": nil, "Origin": "EXTERNAL"})
	ours := w.key(w.helper, nil)
	w.refused(c, "400 UnsupportedOperation", "Encrypt", params{"KeyId": rsa, "Plaintext": "aGVsbG8="})
	w.refused(c, "400 Rejected.UnsupportedOperation", "UpdateRotationPolicy", params{"KeyId": rsa, "EnableAutomaticRotation": true, "RotationInterval": "30d"})
	w.refused(c, "400 Rejected.UnsupportedOperation", "CreateKeyVersion", params{"KeyId": rsa})
	w.refused(c, "400 Unsupported.Origin", "DeleteKeyMaterial", params{"KeyId": ours})
	w.refused(c, "400 Unsupported.Origin", "GetParametersForImport", params{"KeyId": ours, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
	// SM2 wrapping is for HSM keys only.
	w.refused(c, "400 Unsupported.ProtectionLevel", "GetParametersForImport", params{"KeyId": external, "WrappingAlgorithm": "SM2PKE", "WrappingKeySpec": "EC_SM2"})
	w.must(w.helper, "SetDeletionProtection", params{"ProtectedResourceArn": "acs:kms:" + w.ready.Region + ":" + w.ready.AccountID + ":key/" + ours, "EnableDeletionProtection": true})
	w.refused(c, "403 Forbidden.ProhibitedByDeletionProtection", "ScheduleKeyDeletion", params{"KeyId": ours, "PendingWindowInDays": 7})
}

func (w *world) refuseImports(c client) {
	w.Helper()
	id, other := w.key(w.helper, params{"DKMSInstanceId": nil, "Origin": "EXTERNAL"}), w.key(w.helper, params{"DKMSInstanceId": nil, "Origin": "EXTERNAL"})
	token, material := w.material(w.helper, id, bytes.Repeat([]byte{5}, 32))
	give := func(id, token, material string) params {
		return params{"KeyId": id, "EncryptedKeyMaterial": material, "ImportToken": token, "KeyMaterialExpireUnix": 0}
	}
	w.refused(c, "400 InvalidImportToken", "ImportKeyMaterial", give(other, token, material))
	w.refused(c, "400 InvalidKeyMaterial", "ImportKeyMaterial", give(id, token, base64.StdEncoding.EncodeToString(make([]byte, 256))))
	w.must(w.helper, "ImportKeyMaterial", give(id, token, material))
	again, foreign := w.material(w.helper, id, bytes.Repeat([]byte{6}, 32))
	w.refused(c, "400 InvalidKeyMaterial", "ImportKeyMaterial", give(id, again, foreign))
	w.advance(25 * time.Hour)
	w.refused(c, "400 ExpiredImportToken", "ImportKeyMaterial", give(id, token, material))
	w.must(w.helper, "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 7})
	fresh, _ := w.material(w.helper, id, bytes.Repeat([]byte{5}, 32))
	w.refused(c, "409 Rejected.StateModifiedFailed", "ImportKeyMaterial", give(id, fresh, material))
}

// advance moves the emulator's clock and lets fall due what falls due.
func (w *world) advance(d time.Duration) {
	w.Helper()
	if _, err := w.server.Engine().Advance(d); err != nil {
		w.Fatal(err)
	}
}

func (w *world) refuseSecrets(c client) {
	w.Helper()
	key, name := w.key(w.helper, nil), w.name("refused")
	make := params{"SecretName": name, "SecretData": "x", "VersionId": "v1"}
	w.must(w.helper, "CreateSecret", params{"SecretName": name, "SecretData": "x", "VersionId": "v1", "DKMSInstanceId": w.ready.Instance.ID, "EncryptionKeyId": key})
	w.refused(c, "409 Rejected.ResourceExist", "CreateSecret", make)
	w.refused(c, "409 Rejected.ResourceExist", "PutSecretValue", params{"SecretName": name, "SecretData": "y", "VersionId": "v1"})
	for _, operation := range []string{"GetSecretValue", "DescribeSecret", "ListSecretVersionIds", "DeleteSecret", "RestoreSecret"} {
		w.refused(c, "404 Forbidden.ResourceNotFound", operation, params{"SecretName": "nothing"})
	}
	w.refused(c, "404 Forbidden.ResourceNotFound", "GetSecretValue", params{"SecretName": name, "VersionId": "v9"})
	w.refused(c, "400 InvalidParameter", "CreateSecret", params{"SecretName": w.name("large"), "SecretData": strings.Repeat("x", 30721), "VersionId": "v1"})
	w.refused(c, "400 InvalidParameter", "DeleteSecret", params{"SecretName": name, "RecoveryWindowInDays": "6"})
	w.must(w.helper, "DeleteSecret", params{"SecretName": name, "RecoveryWindowInDays": "7"})
	w.refused(c, "409 Rejected.ResourceInDeleteWindow", "CreateSecret", make)
	w.refused(c, "409 Rejected.ResourceInDeleteWindow", "DeleteSecret", params{"SecretName": name})
	w.refused(c, "409 Rejected.ResourceInDeleteWindow", "GetSecretValue", params{"SecretName": name})
}

func (w *world) refuseInstances(c client) {
	w.Helper()
	w.refused(c, "404 Forbidden.DKMSInstanceNotFound", "GetKmsInstance", params{"KmsInstanceId": "kst-nothing"})
	w.refused(c, "404 Forbidden.DKMSInstanceNotFound", "CreateKey", params{"DKMSInstanceId": "kst-nothing"})
	w.refused(c, "403 Forbidden.DKMSInstanceStateInvalid", "ConnectKmsInstance", params{
		"KmsInstanceId": w.ready.Instance.ID, "VpcId": "vpc-1", "VSwitchIds": "vsw-1", "ZoneIds": "cn-hangzhou-h,cn-hangzhou-i", "KMProvider": "Aliyun",
	})
	for _, operation := range []string{"DescribeApplicationAccessPoint", "DescribePolicy", "DescribeNetworkRule"} {
		w.refused(c, "404 Forbidden.ResourceNotFound", operation, params{"Name": "nothing"})
	}
}

func (w *world) refuseRehearsals(c client) {
	w.Helper()
	id := w.key(w.helper, nil)
	_, err := w.ask(c, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8=", "DryRun": "true"})
	if err == nil || !strings.Contains(err.Error(), "DryRunOperationError") {
		w.Errorf("a rehearsal that would succeed: %v", err)
	}
	_, err = w.ask(c, "Encrypt", params{"KeyId": "key-nothing", "Plaintext": "aGVsbG8=", "DryRun": "true"})
	if err == nil || !strings.Contains(err.Error(), "ValidationError") {
		w.Errorf("a rehearsal that would fail: %v", err)
	}
}

// refuseByFault are the refusals that the service gives for reasons of its own.
func (w *world) refuseByFault(c client) {
	w.Helper()
	for _, f := range []struct{ rule, want string }{
		{"InternalFailure/500", "500 InternalFailure"},
		{"ServiceUnavailableTemporary/503", "503 ServiceUnavailableTemporary"},
		{"Rejected.Throttling/429", "429 Rejected.Throttling"},
		{"Throttling.User/400", "400 Throttling.User"},
		{"Forbidden.KmsServiceNotEnabled/403", "403 Forbidden.KmsServiceNotEnabled"},
		{"Rejected.Unavailable/409", "409 Rejected.Unavailable"},
	} {
		w.fault("public/DescribeRegions:reject=" + f.rule)
		w.refused(c, f.want, "DescribeRegions", nil)
	}
}

// refuseStrictly meets a quota and a policy that leaves the caller out.
func (w *world) refuseStrictly(c client) {
	w.Helper()
	id := w.key(w.helper, nil)
	w.must(c, "CreateAlias", params{"KeyId": id, "AliasName": "alias/first"})
	w.refused(c, "400 Rejected.LimitExceeded", "CreateAlias", params{"KeyId": id, "AliasName": "alias/second"})
	nobody := strings.Replace(w.policy(), w.ready.AccountID+":*", w.ready.AccountID+":user/nobody", 1)
	w.must(w.helper, "SetKeyPolicy", params{"KeyId": id, "PolicyName": "default", "Policy": nobody})
	w.refused(c, "403 Forbidden.NoPermission", "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8="})
}
