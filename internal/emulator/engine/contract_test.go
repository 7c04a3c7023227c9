package engine_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

// sdkOperations are the operations of the vendor's SDK with their types.
func sdkOperations() []struct {
	name    string
	request any
	answer  any
} {
	return []struct {
		name    string
		request any
		answer  any
	}{
		{"AsymmetricDecrypt", kms.AsymmetricDecryptRequest{}, kms.AsymmetricDecryptResponseBody{}},
		{"AsymmetricEncrypt", kms.AsymmetricEncryptRequest{}, kms.AsymmetricEncryptResponseBody{}},
		{"AsymmetricSign", kms.AsymmetricSignRequest{}, kms.AsymmetricSignResponseBody{}},
		{"AsymmetricVerify", kms.AsymmetricVerifyRequest{}, kms.AsymmetricVerifyResponseBody{}},
		{"CancelKeyDeletion", kms.CancelKeyDeletionRequest{}, kms.CancelKeyDeletionResponseBody{}},
		{"CertificatePrivateKeyDecrypt", kms.CertificatePrivateKeyDecryptRequest{}, kms.CertificatePrivateKeyDecryptResponseBody{}},
		{"CertificatePrivateKeySign", kms.CertificatePrivateKeySignRequest{}, kms.CertificatePrivateKeySignResponseBody{}},
		{"CertificatePublicKeyEncrypt", kms.CertificatePublicKeyEncryptRequest{}, kms.CertificatePublicKeyEncryptResponseBody{}},
		{"CertificatePublicKeyVerify", kms.CertificatePublicKeyVerifyRequest{}, kms.CertificatePublicKeyVerifyResponseBody{}},
		{"ConnectKmsInstance", kms.ConnectKmsInstanceRequest{}, kms.ConnectKmsInstanceResponseBody{}},
		{"CreateAlias", kms.CreateAliasRequest{}, kms.CreateAliasResponseBody{}},
		{"CreateApplicationAccessPoint", kms.CreateApplicationAccessPointRequest{}, kms.CreateApplicationAccessPointResponseBody{}},
		{"CreateCertificate", kms.CreateCertificateRequest{}, kms.CreateCertificateResponseBody{}},
		{"CreateClientKey", kms.CreateClientKeyRequest{}, kms.CreateClientKeyResponseBody{}},
		{"CreateKey", kms.CreateKeyRequest{}, kms.CreateKeyResponseBody{}},
		{"CreateKeyVersion", kms.CreateKeyVersionRequest{}, kms.CreateKeyVersionResponseBody{}},
		{"CreateNetworkRule", kms.CreateNetworkRuleRequest{}, kms.CreateNetworkRuleResponseBody{}},
		{"CreatePolicy", kms.CreatePolicyRequest{}, kms.CreatePolicyResponseBody{}},
		{"CreateSecret", kms.CreateSecretRequest{}, kms.CreateSecretResponseBody{}},
		{"Decrypt", kms.DecryptRequest{}, kms.DecryptResponseBody{}},
		{"DeleteAlias", kms.DeleteAliasRequest{}, kms.DeleteAliasResponseBody{}},
		{"DeleteApplicationAccessPoint", kms.DeleteApplicationAccessPointRequest{}, kms.DeleteApplicationAccessPointResponseBody{}},
		{"DeleteCertificate", kms.DeleteCertificateRequest{}, kms.DeleteCertificateResponseBody{}},
		{"DeleteClientKey", kms.DeleteClientKeyRequest{}, kms.DeleteClientKeyResponseBody{}},
		{"DeleteKeyMaterial", kms.DeleteKeyMaterialRequest{}, kms.DeleteKeyMaterialResponseBody{}},
		{"DeleteNetworkRule", kms.DeleteNetworkRuleRequest{}, kms.DeleteNetworkRuleResponseBody{}},
		{"DeletePolicy", kms.DeletePolicyRequest{}, kms.DeletePolicyResponseBody{}},
		{"DeleteSecret", kms.DeleteSecretRequest{}, kms.DeleteSecretResponseBody{}},
		{"DescribeAccountKmsStatus", struct{}{}, kms.DescribeAccountKmsStatusResponseBody{}},
		{"DescribeApplicationAccessPoint", kms.DescribeApplicationAccessPointRequest{}, kms.DescribeApplicationAccessPointResponseBody{}},
		{"DescribeCertificate", kms.DescribeCertificateRequest{}, kms.DescribeCertificateResponseBody{}},
		{"DescribeKey", kms.DescribeKeyRequest{}, kms.DescribeKeyResponseBody{}},
		{"DescribeKeyVersion", kms.DescribeKeyVersionRequest{}, kms.DescribeKeyVersionResponseBody{}},
		{"DescribeNetworkRule", kms.DescribeNetworkRuleRequest{}, kms.DescribeNetworkRuleResponseBody{}},
		{"DescribePolicy", kms.DescribePolicyRequest{}, kms.DescribePolicyResponseBody{}},
		{"DescribeRegions", struct{}{}, kms.DescribeRegionsResponseBody{}},
		{"DescribeSecret", kms.DescribeSecretRequest{}, kms.DescribeSecretResponseBody{}},
		{"DisableKey", kms.DisableKeyRequest{}, kms.DisableKeyResponseBody{}},
		{"EnableKey", kms.EnableKeyRequest{}, kms.EnableKeyResponseBody{}},
		{"Encrypt", kms.EncryptRequest{}, kms.EncryptResponseBody{}},
		{"ExportDataKey", kms.ExportDataKeyRequest{}, kms.ExportDataKeyResponseBody{}},
		{"GenerateAndExportDataKey", kms.GenerateAndExportDataKeyRequest{}, kms.GenerateAndExportDataKeyResponseBody{}},
		{"GenerateDataKey", kms.GenerateDataKeyRequest{}, kms.GenerateDataKeyResponseBody{}},
		{"GenerateDataKeyWithoutPlaintext", kms.GenerateDataKeyWithoutPlaintextRequest{}, kms.GenerateDataKeyWithoutPlaintextResponseBody{}},
		{"GetCertificate", kms.GetCertificateRequest{}, kms.GetCertificateResponseBody{}},
		{"GetClientKey", kms.GetClientKeyRequest{}, kms.GetClientKeyResponseBody{}},
		{"GetKeyPolicy", kms.GetKeyPolicyRequest{}, kms.GetKeyPolicyResponseBody{}},
		{"GetKmsInstance", kms.GetKmsInstanceRequest{}, kms.GetKmsInstanceResponseBody{}},
		{"GetParametersForImport", kms.GetParametersForImportRequest{}, kms.GetParametersForImportResponseBody{}},
		{"GetPublicKey", kms.GetPublicKeyRequest{}, kms.GetPublicKeyResponseBody{}},
		{"GetRandomPassword", kms.GetRandomPasswordRequest{}, kms.GetRandomPasswordResponseBody{}},
		{"GetSecretPolicy", kms.GetSecretPolicyRequest{}, kms.GetSecretPolicyResponseBody{}},
		{"GetSecretValue", kms.GetSecretValueRequest{}, kms.GetSecretValueResponseBody{}},
		{"ImportKeyMaterial", kms.ImportKeyMaterialRequest{}, kms.ImportKeyMaterialResponseBody{}},
		{"ListAliases", kms.ListAliasesRequest{}, kms.ListAliasesResponseBody{}},
		{"ListAliasesByKeyId", kms.ListAliasesByKeyIdRequest{}, kms.ListAliasesByKeyIdResponseBody{}},
		{"ListApplicationAccessPoints", kms.ListApplicationAccessPointsRequest{}, kms.ListApplicationAccessPointsResponseBody{}},
		{"ListClientKeys", kms.ListClientKeysRequest{}, kms.ListClientKeysResponseBody{}},
		{"ListKeyVersions", kms.ListKeyVersionsRequest{}, kms.ListKeyVersionsResponseBody{}},
		{"ListKeys", kms.ListKeysRequest{}, kms.ListKeysResponseBody{}},
		{"ListKmsInstances", kms.ListKmsInstancesRequest{}, kms.ListKmsInstancesResponseBody{}},
		{"ListNetworkRules", kms.ListNetworkRulesRequest{}, kms.ListNetworkRulesResponseBody{}},
		{"ListPolicies", kms.ListPoliciesRequest{}, kms.ListPoliciesResponseBody{}},
		{"ListResourceTags", kms.ListResourceTagsRequest{}, kms.ListResourceTagsResponseBody{}},
		{"ListSecretVersionIds", kms.ListSecretVersionIdsRequest{}, kms.ListSecretVersionIdsResponseBody{}},
		{"ListSecrets", kms.ListSecretsRequest{}, kms.ListSecretsResponseBody{}},
		{"ListTagResources", kms.ListTagResourcesRequest{}, kms.ListTagResourcesResponseBody{}},
		{"OpenKmsService", struct{}{}, kms.OpenKmsServiceResponseBody{}},
		{"PutSecretValue", kms.PutSecretValueRequest{}, kms.PutSecretValueResponseBody{}},
		{"ReEncrypt", kms.ReEncryptRequest{}, kms.ReEncryptResponseBody{}},
		{"RestoreSecret", kms.RestoreSecretRequest{}, kms.RestoreSecretResponseBody{}},
		{"RotateSecret", kms.RotateSecretRequest{}, kms.RotateSecretResponseBody{}},
		{"ScheduleKeyDeletion", kms.ScheduleKeyDeletionRequest{}, kms.ScheduleKeyDeletionResponseBody{}},
		{"SetDeletionProtection", kms.SetDeletionProtectionRequest{}, kms.SetDeletionProtectionResponseBody{}},
		{"SetKeyPolicy", kms.SetKeyPolicyRequest{}, kms.SetKeyPolicyResponseBody{}},
		{"SetSecretPolicy", kms.SetSecretPolicyRequest{}, kms.SetSecretPolicyResponseBody{}},
		{"TagResource", kms.TagResourceRequest{}, kms.TagResourceResponseBody{}},
		{"TagResources", kms.TagResourcesRequest{}, kms.TagResourcesResponseBody{}},
		{"UntagResource", kms.UntagResourceRequest{}, kms.UntagResourceResponseBody{}},
		{"UntagResources", kms.UntagResourcesRequest{}, kms.UntagResourcesResponseBody{}},
		{"UpdateAlias", kms.UpdateAliasRequest{}, kms.UpdateAliasResponseBody{}},
		{"UpdateApplicationAccessPoint", kms.UpdateApplicationAccessPointRequest{}, kms.UpdateApplicationAccessPointResponseBody{}},
		{"UpdateCertificateStatus", kms.UpdateCertificateStatusRequest{}, kms.UpdateCertificateStatusResponseBody{}},
		{"UpdateKeyDescription", kms.UpdateKeyDescriptionRequest{}, kms.UpdateKeyDescriptionResponseBody{}},
		{"UpdateKmsInstanceBindVpc", kms.UpdateKmsInstanceBindVpcRequest{}, kms.UpdateKmsInstanceBindVpcResponseBody{}},
		{"UpdateNetworkRule", kms.UpdateNetworkRuleRequest{}, kms.UpdateNetworkRuleResponseBody{}},
		{"UpdatePolicy", kms.UpdatePolicyRequest{}, kms.UpdatePolicyResponseBody{}},
		{"UpdateRotationPolicy", kms.UpdateRotationPolicyRequest{}, kms.UpdateRotationPolicyResponseBody{}},
		{"UpdateSecret", kms.UpdateSecretRequest{}, kms.UpdateSecretResponseBody{}},
		{"UpdateSecretRotationPolicy", kms.UpdateSecretRotationPolicyRequest{}, kms.UpdateSecretRotationPolicyResponseBody{}},
		{"UpdateSecretVersionStage", kms.UpdateSecretVersionStageRequest{}, kms.UpdateSecretVersionStageResponseBody{}},
		{"UploadCertificate", kms.UploadCertificateRequest{}, kms.UploadCertificateResponseBody{}},
	}
}

// Every operation of the SDK exists; every field it sends is taken, and every
// field it reads is one the engine answers.
func TestOperationsHaveTheFieldsOfTheSDK(t *testing.T) {
	operations := engine.Operations()
	for _, sdk := range sdkOperations() {
		o, found := operations[sdk.name]
		if !found {
			t.Errorf("%s is missing", sdk.name)
			continue
		}
		if slices.Contains(enginetest.RefusedOperations, sdk.name) {
			continue
		}
		request := fieldNames(reflect.TypeOf(o.New()), "")
		for _, f := range fieldNames(reflect.TypeOf(sdk.request), "") {
			whole, _, _ := strings.Cut(f, ".") // JSONMap takes all that is below its name
			if !slices.Contains(request, f) && !slices.Contains(request, whole) {
				t.Errorf("%s: the request lacks %s", sdk.name, f)
			}
		}
		want := slices.DeleteFunc(fieldNames(reflect.TypeOf(sdk.answer), ""), func(f string) bool { return f == "RequestId" })
		got := fieldNames(reflect.TypeOf(o.Answer()), "")
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("%s: the answer has\n%v, the SDK reads\n%v", sdk.name, got, want)
		}
	}
}

// fieldNames lists the wire names of a type's fields, nested ones as a.b.
func fieldNames(t reflect.Type, prefix string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, fieldNames(f.Type, prefix)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if nested := fieldNames(f.Type, prefix+name+"."); nested != nil {
			names = append(names, nested...)
		} else {
			names = append(names, prefix+name)
		}
	}
	return names
}
