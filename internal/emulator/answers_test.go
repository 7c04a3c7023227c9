package emulator_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// TestDataKeysThatAreNotWhatTheyShouldBe: each half of a data key's answer can be
// damaged, shortened and misnamed, and the call after it is honest. Case P2.
func TestDataKeysThatAreNotWhatTheyShouldBe(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client, instance := sdk(t, r, r.Public.HTTPS, nil), trusting(t, r)
	id := newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})
	generate := func(rule string) *dkms.AdvanceGenerateDataKeyResponse {
		t.Helper()
		inject(t, s, rule)
		out := &dkms.AdvanceGenerateDataKeyResponse{}
		if refusal := protobuf(t, instance, r, "AdvanceGenerateDataKey", &dkms.AdvanceGenerateDataKeyRequest{KeyId: id, NumberOfBytes: 32}, out); refusal != nil {
			t.Fatalf("%s: %v", rule, refusal)
		}
		return out
	}
	opens := func(k *dkms.AdvanceGenerateDataKeyResponse) bool {
		var out dkms.AdvanceDecryptResponse
		refusal := protobuf(t, instance, r, "AdvanceDecrypt", &dkms.AdvanceDecryptRequest{CiphertextBlob: k.CiphertextBlob}, &out)
		return refusal == nil && bytes.Equal(out.Plaintext, k.Plaintext)
	}
	for rule, sound := range map[string]func(*dkms.AdvanceGenerateDataKeyResponse) bool{
		"corrupt": func(k *dkms.AdvanceGenerateDataKeyResponse) bool {
			return !opens(k) && len(k.Plaintext) == 32 && k.KeyId == id
		},
		"corrupt=Plaintext":     func(k *dkms.AdvanceGenerateDataKeyResponse) bool { return !opens(k) && len(k.Plaintext) == 32 },
		"shorten":               func(k *dkms.AdvanceGenerateDataKeyResponse) bool { return len(k.Plaintext) == 31 },
		"lengthen":              func(k *dkms.AdvanceGenerateDataKeyResponse) bool { return len(k.Plaintext) == 33 },
		"wrong-key-id=key-else": func(k *dkms.AdvanceGenerateDataKeyResponse) bool { return opens(k) && k.KeyId == "key-else" },
		"extra-fields": func(k *dkms.AdvanceGenerateDataKeyResponse) bool {
			return opens(k) && len(k.ProtoReflect().GetUnknown()) > 0
		},
	} {
		if got := generate("instance/AdvanceGenerateDataKey:" + rule); !sound(got) {
			t.Errorf("%s: %v", rule, got)
		}
		if !opens(generate("")) {
			t.Errorf("%s: the next call is disturbed", rule)
		}
	}
	inject(t, s, "instance/AdvanceGenerateDataKey:corrupt=Nothing")
	if refusal := protobuf(t, instance, r, "AdvanceGenerateDataKey", &dkms.AdvanceGenerateDataKeyRequest{KeyId: id, NumberOfBytes: 32}, &dkms.AdvanceGenerateDataKeyResponse{}); refusal == nil || !strings.Contains(refusal.ErrorMessage, "no such member") {
		t.Errorf("a rule that fits nothing is passed over: %v", refusal)
	}
}

// TestAnswersAboutAnotherObject: what is asked of one object is answered, or done,
// for another. Cases P6 and P7.
func TestAnswersAboutAnotherObject(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	mine := newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID, Description: tea.String("mine")})
	other := newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID, Description: tea.String("other")})
	describe := func(rule string) *kms.DescribeKeyResponseBodyKeyMetadata {
		t.Helper()
		inject(t, s, rule)
		d, err := client.DescribeKey(&kms.DescribeKeyRequest{KeyId: &mine})
		if err != nil {
			t.Fatal(err)
		}
		return d.Body.KeyMetadata
	}
	if d := describe("DescribeKey:about-another=" + other); *d.KeyId != other || *d.Description != "other" {
		t.Errorf("about another: %v", d)
	}
	if d := describe("DescribeKey:wrong-key-id=" + other); *d.KeyId != other || *d.Description != "mine" || !strings.HasSuffix(*d.Arn, ":key/"+other) {
		t.Errorf("wrong key id: %v", d)
	}
	if d := describe("DescribeKey:wrong-arn"); strings.Contains(*d.Arn, r.AccountID) || !strings.Contains(*d.Arn, ":"+r.Region+":") {
		t.Errorf("wrong account: %v", d)
	}
	if d := describe("DescribeKey:wrong-arn=region"); strings.Contains(*d.Arn, ":"+r.Region+":") {
		t.Errorf("wrong region: %v", d)
	}
	inject(t, s, "CreateKey:wrong-key-id="+mine+",DisableKey:about-another="+other+",CreateAlias:about-another="+other)
	if named := newKey(t, client, &kms.CreateKeyRequest{}); named != mine || countKeys(t, client) != 3 {
		t.Errorf("created %s", named)
	}
	if _, err := client.DisableKey(&kms.DisableKeyRequest{KeyId: &mine}); err != nil {
		t.Fatal(err)
	}
	if d := describe(""); *d.KeyState != "Enabled" {
		t.Error("the key that was named is disabled, not the other")
	}
	if _, err := client.CreateAlias(&kms.CreateAliasRequest{KeyId: &mine, AliasName: tea.String("alias/a")}); err != nil {
		t.Fatal(err)
	}
	aliases, err := client.ListAliases(&kms.ListAliasesRequest{})
	if err != nil || *aliases.Body.Aliases.Alias[0].KeyId != other {
		t.Errorf("%v %v", aliases, err)
	}
}

// TestTagsAreListedLate: keys are there at once, their tags are not, in every list
// that shows tags. Case P8.
func TestTagsAreListedLate(t *testing.T) {
	s := emulatortest.New(t)
	r := s.Ready()
	client := sdk(t, r, r.Public.HTTPS, nil)
	id := newKey(t, client, &kms.CreateKeyRequest{Tags: tea.String(`[{"TagKey":"a","TagValue":"b"}]`)})
	if _, err := client.CreateSecret(&kms.CreateSecretRequest{
		SecretName: tea.String("s"), VersionId: tea.String("v1"), SecretData: tea.String("x"), Tags: tea.String(`[{"TagKey":"a","TagValue":"b"}]`),
		DKMSInstanceId: &r.Instance.ID, EncryptionKeyId: tea.String(newKey(t, client, &kms.CreateKeyRequest{DKMSInstanceId: &r.Instance.ID})),
	}); err != nil {
		t.Fatal(err)
	}
	inject(t, s, "ListResourceTags:late-tags:2,ListTagResources:late-tags=10s,ListSecrets:late-tags,DescribeSecret:late-tags")
	var counts []int
	for range 3 {
		tags, err := client.ListResourceTags(&kms.ListResourceTagsRequest{KeyId: &id})
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, len(tags.Body.Tags.Tag))
	}
	for range 2 {
		tags, err := client.ListTagResources(&kms.ListTagResourcesRequest{RegionId: &r.Region, ResourceType: tea.String("key"), ResourceId: []*string{&id}})
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, len(tags.Body.TagResources.TagResource))
	}
	for range 2 {
		secrets, err := client.ListSecrets(&kms.ListSecretsRequest{FetchTags: tea.String("true")})
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, len(secrets.Body.SecretList.Secret[0].Tags.Tag))
	}
	for range 2 {
		secret, err := client.DescribeSecret(&kms.DescribeSecretRequest{SecretName: tea.String("s"), FetchTags: tea.String("true")})
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, len(secret.Body.Tags.Tag))
	}
	for i, want := range []int{0, 0, 1, 0, 1, 0, 1, 0, 1} {
		if counts[i] != want {
			t.Fatalf("tags shown: %v", counts)
		}
	}
}

// TestRepeatedDeliveryMakesTwoKeys: a request that arrives twice, and one that was
// refused after it was carried out. Case P8.
func TestRepeatedDeliveryMakesTwoKeys(t *testing.T) {
	s := emulatortest.New(t)
	client := sdk(t, s.Ready(), s.Ready().Public.HTTPS, nil)
	inject(t, s, "CreateKey:duplicate")
	newKey(t, client, &kms.CreateKeyRequest{})
	if got := countKeys(t, client); got != 2 {
		t.Errorf("delivered twice: %d keys", got)
	}
	inject(t, s, "CreateKey:reject-after-commit=Rejected.Throttling")
	_, err := client.CreateKey(&kms.CreateKeyRequest{})
	var refused *tea.SDKError
	if !errors.As(err, &refused) || code(err) != "Rejected.Throttling" || tea.IntValue(refused.StatusCode) != 429 {
		t.Errorf("%v", err)
	}
	if got := countKeys(t, client); got != 3 {
		t.Errorf("refused after the commit: %d keys", got)
	}
}
