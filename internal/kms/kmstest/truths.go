package kmstest

import (
	"encoding/base64"
	"strings"
)

// Names of the truths.
const (
	Mine    = "key-mine"
	MineARN = "acs:kms:cn-hangzhou:1111:key/key-mine"
	Other   = "00000000-0000-0000-0000-000000000000"
)

var (
	// BlobMine is ciphertext under VersionID.
	BlobMine = base64.StdEncoding.EncodeToString([]byte(VersionID + strings.Repeat("x", 40)))

	// Truths are answers that name what was asked for, in every place where the documented
	// answers of the OpenAPI do; lies are the same with one place changed.
	Truths = []struct {
		Operation string
		Params    map[string]any
		Answer    string
		Lies      []string // old, new
	}{
		{"DescribeKey", map[string]any{"KeyId": Mine}, `{"KeyMetadata":{"KeyId":"key-mine","Arn":"` + MineARN + `"}}`,
			[]string{`"KeyId":"key-mine"`, `"KeyId":"key-1"`, `key/key-mine`, `key/key-1`, `cn-hangzhou`, `cn-beijing`,
				`"KeyId":"key-mine"`, `"KeyId":"key-mine","keyid":"key-1"`}},
		{"DescribeKey", map[string]any{"KeyId": Mine}, `{"KeyMetadata":{"KeyId":"key-mine"}}`, []string{`key-mine`, `key-1`}},
		{"DescribeKey", map[string]any{"KeyId": MineARN}, `{"KeyMetadata":{"KeyId":"key-mine","Arn":"` + MineARN + `"}}`,
			[]string{`"KeyId":"key-mine"`, `"KeyId":"key-1"`, `cn-hangzhou`, `cn-beijing`, `:1111:`, `:2222:`}},
		{"DescribeKey", map[string]any{"KeyId": "alias/a"}, `{"KeyMetadata":{"KeyId":"key-mine","Arn":"` + MineARN + `"}}`,
			[]string{`key/key-mine`, `key/key-1`, `cn-hangzhou`, `cn-beijing`}},
		{"CreateKey", map[string]any{"DKMSInstanceId": "kst-1"}, `{"KeyMetadata":{"KeyId":"key-mine","DKMSInstanceId":"kst-1","Arn":"` + MineARN + `"}}`,
			[]string{`kst-1`, `kst-2`, `key/key-mine`, `key/key-1`}},
		{"CreateKeyVersion", map[string]any{"KeyId": Mine}, `{"KeyVersion":{"KeyId":"key-mine","KeyVersionId":"v"}}`, []string{`key-mine`, `key-1`}},
		{"DescribeKeyVersion", map[string]any{"KeyId": Mine, "KeyVersionId": "v"}, `{"KeyVersion":{"KeyId":"key-mine","KeyVersionId":"v"}}`,
			[]string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"ListKeyVersions", map[string]any{"KeyId": Mine, "PageNumber": 2}, `{"PageNumber":2,"KeyVersions":{"KeyVersion":[{"KeyId":"key-mine","KeyVersionId":"v"},{"KeyId":"key-mine","KeyVersionId":"w"}]}}`,
			[]string{`[{"KeyId":"key-mine"`, `[{"KeyId":"key-1"`, `,{"KeyId":"key-mine"`, `,{"KeyId":"key-1"`, `"PageNumber":2`, `"PageNumber":1`}},
		{"ListKeys", map[string]any{"PageNumber": 1}, `{"PageNumber":1,"Keys":{"Key":[{"KeyId":"key-mine","KeyArn":"` + MineARN + `"}]}}`,
			[]string{`"KeyId":"key-mine"`, `"KeyId":"key-1"`, `cn-hangzhou`, `cn-beijing`, `"PageNumber":1`, `"PageNumber":3`}},
		{"ListAliases", map[string]any{"PageNumber": 1}, `{"PageNumber":1,"Aliases":{"Alias":[{"AliasName":"alias/a","KeyId":"key-mine","AliasArn":"acs:kms:cn-hangzhou:1111:alias/a"}]}}`,
			[]string{`"alias/a"`, `"alias/b"`, `cn-hangzhou`, `cn-beijing`}},
		{"ListAliasesByKeyId", map[string]any{"KeyId": Mine}, `{"Aliases":{"Alias":[{"AliasName":"alias/a","KeyId":"key-mine"}]}}`, []string{`key-mine`, `key-1`}},
		{"GetParametersForImport", map[string]any{"KeyId": Mine, "WrappingAlgorithm": "a", "WrappingKeySpec": "s"}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"EnableKey", map[string]any{"KeyId": Mine}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"ListResourceTags", map[string]any{"KeyId": Mine}, `{"Tags":{"Tag":[{"KeyId":"key-mine","TagKey":"k","TagValue":"v"}]}}`, []string{`key-mine`, `key-1`}},
		{"ListTagResources", map[string]any{"ResourceType": "key", "ResourceId": []string{Mine, "key-2"}}, `{"TagResources":{"TagResource":[{"ResourceId":"key-mine","ResourceType":"key","TagKey":"k","TagValue":"v"}]}}`,
			[]string{`key-mine`, `key-1`, `"key"`, `"secret"`}},
		{"ListTagResources", map[string]any{"ResourceType": "key", "Tag": map[string]string{"owner": "us", "any": ""}}, `{"TagResources":{"TagResource":[{"ResourceId":"x","TagKey":"owner","TagValue":"us"},{"ResourceId":"x","TagKey":"any","TagValue":"v"}]}}`,
			[]string{`"us"`, `"them"`}},
		{"DescribeSecret", map[string]any{"SecretName": "s"}, `{"SecretName":"s","Arn":"acs:kms:cn-hangzhou:1111:secret/s"}`, []string{`"s"`, `"t"`, `secret/s`, `secret/t`, `hangzhou`, `beijing`}},
		{"CreateSecret", map[string]any{"SecretName": "s", "VersionId": "v", "SecretData": "x"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"CreateSecret", map[string]any{"SecretName": "s", "VersionId": "v", "SecretData": "x", "DKMSInstanceId": "kst-1"}, `{"DKMSInstanceId":"kst-1"}`, []string{`kst-1`, `kst-2`}},
		{"PutSecretValue", map[string]any{"SecretName": "s", "VersionId": "v", "SecretData": "x"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"RotateSecret", map[string]any{"SecretName": "s", "VersionId": "v"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"GetSecretValue", map[string]any{"SecretName": "s", "VersionId": "v"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"GetSecretValue", map[string]any{"SecretName": "s", "VersionStage": "ACSPrevious"}, `{"SecretName":"s","VersionStages":{"VersionStage":["ACSPrevious"]}}`, []string{`ACSPrevious`, `ACSCurrent`}},
		{"ListSecretVersionIds", map[string]any{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"UpdateSecret", map[string]any{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"DeleteSecret", map[string]any{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"RestoreSecret", map[string]any{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"UpdateSecretVersionStage", map[string]any{"SecretName": "s", "VersionStage": "x"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"UpdateSecretRotationPolicy", map[string]any{"SecretName": "s", "EnableAutomaticRotation": true}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"Encrypt", map[string]any{"KeyId": Mine, "Plaintext": "eA=="}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Decrypt", map[string]any{"CiphertextBlob": BlobMine}, `{"KeyVersionId":"` + VersionID + `"}`, []string{VersionID, Other}},
		{"ReEncrypt", map[string]any{"CiphertextBlob": BlobMine, "SourceKeyId": Mine, "DestinationKeyId": "key-1"}, `{"KeyId":"key-mine","KeyVersionId":"` + VersionID + `"}`, []string{`key-mine`, `key-1`, VersionID, Other}},
		{"GenerateDataKey", map[string]any{"KeyId": MineARN}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKeyWithoutPlaintext", map[string]any{"KeyId": Mine}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"ExportDataKey", map[string]any{"CiphertextBlob": BlobMine, "PublicKeyBlob": "eA==", "WrappingAlgorithm": "a", "WrappingKeySpec": "s"}, `{"KeyVersionId":"` + VersionID + `"}`, []string{VersionID, Other}},
		{"GenerateAndExportDataKey", map[string]any{"KeyId": Mine, "PublicKeyBlob": "eA==", "WrappingAlgorithm": "a", "WrappingKeySpec": "s"}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AsymmetricEncrypt", map[string]any{"KeyId": Mine, "KeyVersionId": "v", "Algorithm": "a", "Plaintext": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"AsymmetricDecrypt", map[string]any{"KeyId": Mine, "KeyVersionId": "v", "Algorithm": "a", "CiphertextBlob": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"AsymmetricSign", map[string]any{"KeyId": Mine, "KeyVersionId": "v", "Algorithm": "a", "Digest": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"AsymmetricVerify", map[string]any{"KeyId": Mine, "KeyVersionId": "v", "Algorithm": "a", "Digest": "eA==", "Value": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"GetPublicKey", map[string]any{"KeyId": Mine, "KeyVersionId": "v"}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"GetCertificate", map[string]any{"CertificateId": "c"}, `{"CertificateId":"c"}`, []string{`"c"`, `"d"`}},
		{"CertificatePublicKeyEncrypt", map[string]any{"CertificateId": "c", "Algorithm": "a", "Plaintext": "eA=="}, `{"CertificateId":"c"}`, []string{`"c"`, `"d"`}},
		{"GetKmsInstance", map[string]any{"KmsInstanceId": "kst-1"}, `{"KmsInstance":{"InstanceId":"kst-1"}}`, []string{`kst-1`, `kst-2`}},
		{"DescribeApplicationAccessPoint", map[string]any{"Name": "n"}, `{"Name":"n"}`, []string{`"n"`, `"m"`}},
		{"CreatePolicy", map[string]any{"Name": "n", "Permissions": "[]", "Resources": "[]"}, `{"Name":"n"}`, []string{`"n"`, `"m"`}},
		{"GetClientKey", map[string]any{"ClientKeyId": "c"}, `{"ClientKeyId":"c"}`, []string{`"c"`, `"d"`}},
		{"ListClientKeys", map[string]any{"AapName": "n"}, `{"ClientKeys":[{"AapName":"n"}]}`, []string{`"n"`, `"m"`}},
	}
)
