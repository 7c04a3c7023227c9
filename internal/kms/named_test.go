package kms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

const (
	mine    = "key-mine"
	mineARN = "acs:kms:cn-hangzhou:1111:key/key-mine"
	other   = "00000000-0000-0000-0000-000000000000"
)

var (
	blobMine = base64.StdEncoding.EncodeToString([]byte(versionID + strings.Repeat("x", 40)))

	// truths are answers that name what was asked for, in every place where the documented
	// answers of the OpenAPI do; lies are the same with one place changed.
	truths = []struct {
		operation string
		params    map[string]any
		answer    string
		lies      []string // old, new
	}{
		{"DescribeKey", args{"KeyId": mine}, `{"KeyMetadata":{"KeyId":"key-mine","Arn":"` + mineARN + `"}}`,
			[]string{`"KeyId":"key-mine"`, `"KeyId":"key-1"`, `key/key-mine`, `key/key-1`, `cn-hangzhou`, `cn-beijing`,
				`"KeyId":"key-mine"`, `"KeyId":"key-mine","keyid":"key-1"`}},
		{"DescribeKey", args{"KeyId": mine}, `{"KeyMetadata":{"KeyId":"key-mine"}}`, []string{`key-mine`, `key-1`}},
		{"DescribeKey", args{"KeyId": mineARN}, `{"KeyMetadata":{"KeyId":"key-mine","Arn":"` + mineARN + `"}}`,
			[]string{`"KeyId":"key-mine"`, `"KeyId":"key-1"`, `cn-hangzhou`, `cn-beijing`, `:1111:`, `:2222:`}},
		{"DescribeKey", args{"KeyId": "alias/a"}, `{"KeyMetadata":{"KeyId":"key-mine","Arn":"` + mineARN + `"}}`,
			[]string{`key/key-mine`, `key/key-1`, `cn-hangzhou`, `cn-beijing`}},
		{"CreateKey", args{"DKMSInstanceId": "kst-1"}, `{"KeyMetadata":{"KeyId":"key-mine","DKMSInstanceId":"kst-1","Arn":"` + mineARN + `"}}`,
			[]string{`kst-1`, `kst-2`, `key/key-mine`, `key/key-1`}},
		{"CreateKeyVersion", args{"KeyId": mine}, `{"KeyVersion":{"KeyId":"key-mine","KeyVersionId":"v"}}`, []string{`key-mine`, `key-1`}},
		{"DescribeKeyVersion", args{"KeyId": mine, "KeyVersionId": "v"}, `{"KeyVersion":{"KeyId":"key-mine","KeyVersionId":"v"}}`,
			[]string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"ListKeyVersions", args{"KeyId": mine, "PageNumber": 2}, `{"PageNumber":2,"KeyVersions":{"KeyVersion":[{"KeyId":"key-mine","KeyVersionId":"v"},{"KeyId":"key-mine","KeyVersionId":"w"}]}}`,
			[]string{`[{"KeyId":"key-mine"`, `[{"KeyId":"key-1"`, `,{"KeyId":"key-mine"`, `,{"KeyId":"key-1"`, `"PageNumber":2`, `"PageNumber":1`}},
		{"ListKeys", args{"PageNumber": 1}, `{"PageNumber":1,"Keys":{"Key":[{"KeyId":"key-mine","KeyArn":"` + mineARN + `"}]}}`,
			[]string{`"KeyId":"key-mine"`, `"KeyId":"key-1"`, `cn-hangzhou`, `cn-beijing`, `"PageNumber":1`, `"PageNumber":3`}},
		{"ListAliases", args{"PageNumber": 1}, `{"PageNumber":1,"Aliases":{"Alias":[{"AliasName":"alias/a","KeyId":"key-mine","AliasArn":"acs:kms:cn-hangzhou:1111:alias/a"}]}}`,
			[]string{`"alias/a"`, `"alias/b"`, `cn-hangzhou`, `cn-beijing`}},
		{"ListAliasesByKeyId", args{"KeyId": mine}, `{"Aliases":{"Alias":[{"AliasName":"alias/a","KeyId":"key-mine"}]}}`, []string{`key-mine`, `key-1`}},
		{"GetParametersForImport", args{"KeyId": mine, "WrappingAlgorithm": "a", "WrappingKeySpec": "s"}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"EnableKey", args{"KeyId": mine}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"ListResourceTags", args{"KeyId": mine}, `{"Tags":{"Tag":[{"KeyId":"key-mine","TagKey":"k","TagValue":"v"}]}}`, []string{`key-mine`, `key-1`}},
		{"ListTagResources", args{"ResourceType": "key", "ResourceId": []string{mine, "key-2"}}, `{"TagResources":{"TagResource":[{"ResourceId":"key-mine","ResourceType":"key","TagKey":"k","TagValue":"v"}]}}`,
			[]string{`key-mine`, `key-1`, `"key"`, `"secret"`}},
		{"ListTagResources", args{"ResourceType": "key", "Tag": map[string]string{"owner": "us", "any": ""}}, `{"TagResources":{"TagResource":[{"ResourceId":"x","TagKey":"owner","TagValue":"us"},{"ResourceId":"x","TagKey":"any","TagValue":"v"}]}}`,
			[]string{`"us"`, `"them"`}},
		{"DescribeSecret", args{"SecretName": "s"}, `{"SecretName":"s","Arn":"acs:kms:cn-hangzhou:1111:secret/s"}`, []string{`"s"`, `"t"`, `secret/s`, `secret/t`, `hangzhou`, `beijing`}},
		{"CreateSecret", args{"SecretName": "s", "VersionId": "v", "SecretData": "x"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"CreateSecret", args{"SecretName": "s", "VersionId": "v", "SecretData": "x", "DKMSInstanceId": "kst-1"}, `{"DKMSInstanceId":"kst-1"}`, []string{`kst-1`, `kst-2`}},
		{"PutSecretValue", args{"SecretName": "s", "VersionId": "v", "SecretData": "x"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"RotateSecret", args{"SecretName": "s", "VersionId": "v"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"GetSecretValue", args{"SecretName": "s", "VersionId": "v"}, `{"SecretName":"s","VersionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"GetSecretValue", args{"SecretName": "s", "VersionStage": "ACSPrevious"}, `{"SecretName":"s","VersionStages":{"VersionStage":["ACSPrevious"]}}`, []string{`ACSPrevious`, `ACSCurrent`}},
		{"ListSecretVersionIds", args{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"UpdateSecret", args{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"DeleteSecret", args{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"RestoreSecret", args{"SecretName": "s"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"UpdateSecretVersionStage", args{"SecretName": "s", "VersionStage": "x"}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"UpdateSecretRotationPolicy", args{"SecretName": "s", "EnableAutomaticRotation": true}, `{"SecretName":"s"}`, []string{`"s"`, `"t"`}},
		{"Encrypt", args{"KeyId": mine, "Plaintext": "eA=="}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Decrypt", args{"CiphertextBlob": blobMine}, `{"KeyVersionId":"` + versionID + `"}`, []string{versionID, other}},
		{"ReEncrypt", args{"CiphertextBlob": blobMine, "DestinationKeyId": mine}, `{"KeyId":"key-mine","KeyVersionId":"` + other + `"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKey", args{"KeyId": mineARN}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKeyWithoutPlaintext", args{"KeyId": mine}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"ExportDataKey", args{"CiphertextBlob": blobMine, "PublicKeyBlob": "eA==", "WrappingAlgorithm": "a", "WrappingKeySpec": "s"}, `{"KeyVersionId":"` + versionID + `"}`, []string{versionID, other}},
		{"GenerateAndExportDataKey", args{"KeyId": mine, "PublicKeyBlob": "eA==", "WrappingAlgorithm": "a", "WrappingKeySpec": "s"}, `{"KeyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AsymmetricEncrypt", args{"KeyId": mine, "KeyVersionId": "v", "Algorithm": "a", "Plaintext": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"AsymmetricDecrypt", args{"KeyId": mine, "KeyVersionId": "v", "Algorithm": "a", "CiphertextBlob": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"AsymmetricSign", args{"KeyId": mine, "KeyVersionId": "v", "Algorithm": "a", "Digest": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"AsymmetricVerify", args{"KeyId": mine, "KeyVersionId": "v", "Algorithm": "a", "Digest": "eA==", "Value": "eA=="}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"GetPublicKey", args{"KeyId": mine, "KeyVersionId": "v"}, `{"KeyId":"key-mine","KeyVersionId":"v"}`, []string{`key-mine`, `key-1`, `"v"`, `"w"`}},
		{"GetCertificate", args{"CertificateId": "c"}, `{"CertificateId":"c"}`, []string{`"c"`, `"d"`}},
		{"CertificatePublicKeyEncrypt", args{"CertificateId": "c", "Algorithm": "a", "Plaintext": "eA=="}, `{"CertificateId":"c"}`, []string{`"c"`, `"d"`}},
		{"GetKmsInstance", args{"KmsInstanceId": "kst-1"}, `{"KmsInstance":{"InstanceId":"kst-1"}}`, []string{`kst-1`, `kst-2`}},
		{"DescribeApplicationAccessPoint", args{"Name": "n"}, `{"Name":"n"}`, []string{`"n"`, `"m"`}},
		{"CreatePolicy", args{"Name": "n", "Permissions": "[]", "Resources": "[]"}, `{"Name":"n"}`, []string{`"n"`, `"m"`}},
		{"GetClientKey", args{"ClientKeyId": "c"}, `{"ClientKeyId":"c"}`, []string{`"c"`, `"d"`}},
		{"ListClientKeys", args{"AapName": "n"}, `{"ClientKeys":[{"AapName":"n"}]}`, []string{`"n"`, `"m"`}},
	}
)

// Case P6. An answer about another object than the one asked for is an error of the gateway,
// whatever the operation; after a call that changes something its outcome is unknown; and no management call
// follows it.
func TestAnswersAboutAnotherObjectAreRefused(t *testing.T) {
	for _, c := range truths {
		body := c.answer
		g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, 200, body) })
		if _, err := g.public(t).Raw(context.Background(), c.operation, c.params); err != nil {
			t.Errorf("the truth was refused: %v", err)
		}
		for i := 0; i+1 < len(c.lies); i += 2 {
			body = strings.Replace(c.answer, c.lies[i], c.lies[i+1], 1)
			if body == c.answer {
				t.Fatalf("%s: %q is not in %s", c.operation, c.lies[i], c.answer)
			}
			p, before := g.public(t), len(g.seen())
			_, err := p.Raw(context.Background(), c.operation, c.params)
			if !HasCode(err, CodeOtherObject) || len(g.seen()) != before+1 {
				t.Errorf("%s: %s was believed, or asked for %d times: %v", c.operation, body, len(g.seen())-before, err)
				continue
			}
			e := kmsError(t, err)
			o, _ := FindOperation(PublicOperations(), c.operation)
			if e.Outcome == Ambiguous != o.Mutating {
				t.Errorf("%s: the outcome is %s", c.operation, e.Outcome)
			}
			err = p.EnableKey(context.Background(), mine)
			if stops := o.Group != "crypto" && o.Group != "certificates"; HasCode(err, CodeNotTrusted) != stops || stops && len(g.seen()) != before+1 {
				t.Errorf("%s: a call after it: %v", c.operation, err)
			}
		}
	}
}

// Case P6, at the instance gateway: its protobuf answers are held against their requests too.
func TestInstanceAnswersAboutAnotherObjectAreRefused(t *testing.T) {
	gcm := base64.StdEncoding.EncodeToString([]byte("$\x00\x02" + versionID + strings.Repeat("x", 40)))
	for _, c := range []struct {
		operation string
		params    map[string]any
		answer    string // protojson
		lies      []string
	}{
		{"AdvanceEncrypt", args{"KeyId": mine, "Plaintext": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Encrypt", args{"KeyId": mine, "Plaintext": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceDecrypt", args{"CiphertextBlob": gcm, "KeyId": mine}, `{"keyId":"key-mine","keyVersionId":"` + versionID + `"}`, []string{`key-mine`, `key-1`, versionID, other}},
		{"Decrypt", args{"CiphertextBlob": gcm, "KeyId": mine}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceGenerateDataKey", args{"KeyId": mineARN, "NumberOfBytes": 1}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKey", args{"KeyId": mine, "NumberOfBytes": 1}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GenerateDataKeyPair", args{"KeyId": mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine","keyPairSpec":"EC_P256"}`, []string{`key-mine`, `key-1`, `EC_P256`, `RSA_2048`}},
		{"GenerateDataKeyPairWithoutPlaintext", args{"KeyId": mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceGenerateDataKeyPair", args{"KeyId": mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"AdvanceGenerateDataKeyPairWithoutPlaintext", args{"KeyId": mine, "KeyPairSpec": "EC_P256"}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Sign", args{"KeyId": mine, "Algorithm": "a", "Message": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"Verify", args{"KeyId": mine, "Algorithm": "a", "Message": "eA==", "Signature": "eA=="}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GetPublicKey", args{"KeyId": mine}, `{"keyId":"key-mine"}`, []string{`key-mine`, `key-1`}},
		{"GetSecretValue", args{"SecretName": "s", "VersionId": "v"}, `{"secretName":"s","versionId":"v"}`, []string{`"s"`, `"t"`, `"v"`, `"w"`}},
		{"GetSecretValue", args{"SecretName": "s", "VersionStage": "ACSPrevious"}, `{"secretName":"s","versionStages":["ACSPrevious"]}`, []string{`ACSPrevious`, `ACSCurrent`}},
	} {
		said := c.answer
		g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			_, out := messages(r.Header.Get(dkms.HeaderAPIName))
			if err := protojson.Unmarshal([]byte(said), out); err != nil {
				t.Error(err)
			}
			answerProto(w, 200, out)
		})
		k := g.clientKey(t)
		if _, err := k.Raw(context.Background(), c.operation, c.params); err != nil {
			t.Errorf("the truth was refused: %v", err)
		}
		for i := 0; i+1 < len(c.lies); i += 2 {
			said = strings.Replace(c.answer, c.lies[i], c.lies[i+1], 1)
			before := len(g.seen())
			_, err := k.Raw(context.Background(), c.operation, c.params)
			if !HasCode(err, CodeOtherObject) || len(g.seen()) != before+1 {
				t.Errorf("%s: %s was believed: %v", c.operation, said, err)
			}
		}
	}
}

// Each row of the tables is needed: without it one of the lies above would be believed.
func TestEveryComparisonCounts(t *testing.T) {
	believed := func() (n int) {
		operations := byName(PublicOperations())
		for _, c := range truths {
			for i := 0; i+1 < len(c.lies); i += 2 {
				said, _ := decodeObject([]byte(strings.Replace(c.answer, c.lies[i], c.lies[i+1], 1)))
				by := &comparer{region: "cn-hangzhou", aliases: new(Aliases)}
				if by.compare(operations[c.operation], asked(c.params, nil), said) == "" {
					n++
				}
			}
		}
		return n
	}
	if n := believed(); n > 0 {
		t.Fatalf("%d lies are believed", n)
	}
	all := pairs
	defer func() { pairs = all }()
	for i, p := range all {
		pairs = slices.Delete(slices.Clone(all), i, i+1)
		if believed() == 0 && p.member != "KeyPairSpec" { // tried at the instance gateway
			t.Errorf("no lie needs %s = %s", p.member, p.param)
		}
	}
	pairs = all
	checks := rowChecks
	defer func() { rowChecks = checks }()
	for i, r := range checks {
		rowChecks = slices.Delete(slices.Clone(checks), i, i+1)
		if believed() == 0 {
			t.Errorf("no lie needs the check of %q, number %d", r.rows, i)
		}
	}
}

// An alias is bound to the key it was resolved to: by a list, by a description, by the call that
// pointed it there, or by the first answer. Both clients of a gateway share what is known.
func TestAliasesAreHeldToTheirTarget(t *testing.T) {
	target := mine
	g := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.Header.Get("X-Acs-Action") {
		case "DescribeKey":
			reply(w, 200, fmt.Sprintf(`{"KeyMetadata":{"KeyId":%q}}`, target))
		case "ListAliases":
			reply(w, 200, fmt.Sprintf(`{"Aliases":{"Alias":[{"AliasName":"alias/a","KeyId":%q}]},"TotalCount":1}`, target))
		case "":
			_, out := messages(r.Header.Get(dkms.HeaderAPIName))
			_ = protojson.Unmarshal([]byte(fmt.Sprintf(`{"keyId":%q,"ciphertextBlob":"eA=="}`, target)), out)
			answerProto(w, 200, out)
		default:
			reply(w, 200, fmt.Sprintf(`{"KeyId":%q,"CiphertextBlob":"eA=="}`, target))
		}
	})
	ctx := context.Background()
	var shared *Aliases
	encrypt := func(p *Public) error { _, err := p.Encrypt(ctx, "alias/a", []byte("x"), nil); return err }
	for name, know := range map[string]func(p *Public) error{
		"listed":    func(p *Public) error { _, err := p.ListAliases(ctx); return err },
		"described": func(p *Public) error { _, err := p.DescribeKey(ctx, "alias/a"); return err },
		"by ARN":    func(p *Public) error { _, err := p.DescribeKey(ctx, "acs:kms:cn-hangzhou:1111:alias/a"); return err },
		"created":   func(p *Public) error { return p.CreateAlias(ctx, "alias/a", mine) },
		"pointed":   func(p *Public) error { return p.UpdateAlias(ctx, "alias/a", mine) },
		"used":      encrypt,
	} {
		t.Run(name, func(t *testing.T) {
			shared, target = new(Aliases), mine
			p := g.public(t, func(c *PublicConfig) { c.Aliases = shared })
			k := g.clientKey(t, func(c *ClientKeyConfig) { c.Aliases = shared })
			if err := know(p); err != nil {
				t.Fatal(err)
			}
			if err := encrypt(p); err != nil {
				t.Errorf("the right key was refused: %v", err)
			}
			target = "key-1"
			if err := encrypt(p); !HasCode(err, CodeOtherObject) {
				t.Errorf("another key under the alias: %v", err)
			}
			if _, err := k.Encrypt(ctx, "alias/a", []byte("x"), nil); !HasCode(err, CodeOtherObject) {
				t.Errorf("another key under the alias, at the other client: %v", err)
			}
			if _, err := p.DescribeKey(ctx, "alias/a"); err != nil {
				t.Errorf("resolved anew: %v", err)
			}
			if err := encrypt(p); err != nil {
				t.Errorf("after it was resolved anew: %v", err)
			}
		})
	}
}

// What an envelope's header says of its key holds too, though the request does not say it; a header
// that lies stops nothing else.
func TestDecryptIsHeldToTheKeyOfItsCiphertext(t *testing.T) {
	g := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		reply(w, 200, `{"KeyId":"key-1","KeyVersionId":"`+versionID+`","Plaintext":"eA=="}`)
	})
	p := g.public(t)
	blob, _ := base64.StdEncoding.DecodeString(blobMine)
	if _, _, err := p.Decrypt(context.Background(), Wrapped{KeyID: mine, Blob: blob}, nil); !HasCode(err, CodeOtherObject) {
		t.Errorf("another key's: %v", err)
	}
	if _, _, err := p.Decrypt(context.Background(), Wrapped{KeyID: "key-1", Blob: blob}, nil); err != nil {
		t.Error(err)
	}
}

// Whatever an answer holds, comparing it neither panics nor lets a foreign id through.
func FuzzCompare(f *testing.F) {
	for _, c := range truths {
		f.Add(c.operation, c.answer)
	}
	operations := byName(PublicOperations())
	f.Fuzz(func(t *testing.T, operation, body string) {
		o, said := operations[operation], map[string]any{}
		if o == nil || json.Unmarshal([]byte(body), &said) != nil {
			return
		}
		c := &comparer{region: "cn-hangzhou", aliases: new(Aliases)}
		wrong := c.compare(o, asked(args{"KeyId": mine}, nil), said)
		var typed struct{ KeyMetadata keyMetadata }
		if wrong == "" && json.Unmarshal([]byte(body), &typed) == nil && typed.KeyMetadata.KeyID != "" && typed.KeyMetadata.KeyID != mine {
			t.Errorf("%s: %s was believed", operation, body)
		}
	})
}
