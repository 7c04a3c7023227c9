package witness

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
)

// live is one life at the public gateway: every operation that the client
// knows, each with a result that something later proves to be real.
func (w *world) live(c client) {
	w.Helper()
	for _, chapter := range []func(client){
		w.liveService, w.liveKeys, w.liveAliases, w.liveDeletion, w.liveRotation, w.liveImport, w.liveTags, w.livePolicies,
		w.liveEncryption, w.liveExport, w.liveAsymmetric, w.liveSecrets, w.liveManagedSecrets, w.liveInstances, w.liveAccessPoints,
	} {
		chapter(c)
	}
}

// key makes a key in the instance and returns its id.
func (w *world) key(c client, p params) string {
	w.Helper()
	all := params{"DKMSInstanceId": w.ready.Instance.ID}
	for name, v := range p {
		all[name] = v
		if v == nil {
			delete(all, name)
		}
	}
	return w.must(c, "CreateKey", all).text("KeyMetadata.KeyId")
}

func (w *world) liveService(c client) {
	w.Helper()
	regions := w.must(c, "DescribeRegions", nil)
	if len(regions.list("Regions.Region")) < 10 {
		w.Errorf("%v", regions)
	}
	w.equal(w.must(c, "DescribeAccountKmsStatus", nil), "AccountStatus", "Enabled")
	w.refused(c, "400 Forbidden.Opened", "OpenKmsService", nil)
	w.liveOlder(c)
}

// liveOlder are operations that only older clients have.
func (w *world) liveOlder(c client) {
	w.Helper()
	if a, err := c.call("DescribeService", nil); !errors.Is(err, errUnsupported) {
		if err != nil || !strings.Contains(a.text("KeySpecs.KeySpec"), "Aliyun_AES_256") {
			w.Errorf("%v %v", a, err)
		}
	}
	id := w.key(c, nil)
	if a, err := c.call("AdvanceEncrypt", params{"KeyId": id, "Plaintext": "aGVsbG8="}); !errors.Is(err, errUnsupported) {
		blob, encoding := base64.StdEncoding.DecodeString(a.text("CiphertextBlob"))
		if err != nil || encoding != nil || len(blob) < 3 || blob[0] != '$' {
			w.Errorf("%v %v", a, err)
			return
		}
		// The rest is what the public gateway's Decrypt reads.
		w.equal(w.must(c, "Decrypt", params{"CiphertextBlob": base64.StdEncoding.EncodeToString(blob[3:])}), "Plaintext", "aGVsbG8=")
	}
}

func (w *world) liveKeys(c client) {
	w.Helper()
	made := w.must(c, "CreateKey", params{
		"Description": "a b+c*d~/=&中", "KeySpec": "Aliyun_AES_256", "KeyUsage": "ENCRYPT/DECRYPT", "Origin": "Aliyun_KMS",
		"ProtectionLevel": "SOFTWARE", "EnableAutomaticRotation": false, "DKMSInstanceId": w.ready.Instance.ID,
		"Tags": `[{"TagKey":"team","TagValue":"orders"}]`,
	})
	id := made.text("KeyMetadata.KeyId")
	w.equal(made, "KeyMetadata.KeyState", "Enabled")
	w.equal(made, "KeyMetadata.Arn", "acs:kms:"+w.ready.Region+":"+w.ready.AccountID+":key/"+id)
	w.must(c, "DisableKey", params{"KeyId": id})
	described := w.must(c, "DescribeKey", params{"KeyId": id})
	w.equal(described, "KeyMetadata.KeyState", "Disabled")
	w.equal(described, "KeyMetadata.Description", "a b+c*d~/=&中")
	w.must(c, "EnableKey", params{"KeyId": id})
	w.must(c, "UpdateKeyDescription", params{"KeyId": id, "Description": "new"})
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.Description", "new")
	w.paging(c, id)
}

// paging reads all keys page by page and finds each once.
func (w *world) paging(c client, id string) {
	w.Helper()
	for range 4 {
		w.key(c, nil)
	}
	seen := []string{}
	for page := 1; ; page++ {
		list := w.must(c, "ListKeys", params{"PageNumber": page, "PageSize": 2})
		for _, item := range list.list("Keys.Key") {
			seen = append(seen, answer(item.(map[string]any)).text("KeyId"))
		}
		if len(list.list("Keys.Key")) < 2 {
			w.equal(list, "TotalCount", len(seen))
			break
		}
	}
	slices.Sort(seen)
	if !slices.Contains(seen, id) || len(slices.Compact(seen)) != len(seen) {
		w.Errorf("the pages hold %v", seen)
	}
	filtered := w.must(c, "ListKeys", params{"Filters": `[{"Key":"KeyState","Values":["Disabled"]}]`})
	w.equal(filtered, "TotalCount", 0)
}

func (w *world) liveAliases(c client) {
	w.Helper()
	first, second := w.key(c, nil), w.key(c, nil)
	name := "alias/" + w.name("orders/db")
	w.must(c, "CreateAlias", params{"AliasName": name, "KeyId": first})
	w.equal(w.must(c, "DescribeKey", params{"KeyId": name}), "KeyMetadata.KeyId", first)
	w.must(c, "UpdateAlias", params{"AliasName": name, "KeyId": second})
	w.equal(w.must(c, "ListAliasesByKeyId", params{"KeyId": second}), "Aliases.Alias.0.AliasName", name)
	all := w.must(c, "ListAliases", params{"PageNumber": 1, "PageSize": 20})
	if !strings.Contains(all.text("Aliases.Alias"), name) {
		w.Errorf("%v", all)
	}
	w.must(c, "DeleteAlias", params{"AliasName": name})
	w.equal(w.must(c, "ListAliasesByKeyId", params{"KeyId": second}), "TotalCount", 0)
}

func (w *world) liveDeletion(c client) {
	w.Helper()
	id := w.key(c, nil)
	arn := w.must(c, "DescribeKey", params{"KeyId": id}).text("KeyMetadata.Arn")
	w.must(c, "SetDeletionProtection", params{"ProtectedResourceArn": arn, "EnableDeletionProtection": true, "DeletionProtectionDescription": "in use"})
	w.equal(w.must(w.helper, "DescribeKey", params{"KeyId": id}), "KeyMetadata.DeletionProtection", "Enabled")
	w.must(c, "SetDeletionProtection", params{"ProtectedResourceArn": arn, "EnableDeletionProtection": false})
	w.must(c, "ScheduleKeyDeletion", params{"KeyId": id, "PendingWindowInDays": 7})
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.KeyState", "PendingDeletion")
	w.must(c, "CancelKeyDeletion", params{"KeyId": id})
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.KeyState", "Enabled")
}

func (w *world) liveRotation(c client) {
	w.Helper()
	id := w.key(c, nil)
	sealed := w.must(c, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8="}).text("CiphertextBlob")
	version := w.must(c, "CreateKeyVersion", params{"KeyId": id}).text("KeyVersion.KeyVersionId")
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.PrimaryKeyVersion", version)
	w.equal(w.must(c, "DescribeKeyVersion", params{"KeyId": id, "KeyVersionId": version}), "KeyVersion.KeyId", id)
	w.equal(w.must(c, "ListKeyVersions", params{"KeyId": id}), "TotalCount", 2)
	w.equal(w.must(c, "Decrypt", params{"CiphertextBlob": sealed}), "Plaintext", "aGVsbG8=")
	w.must(c, "UpdateRotationPolicy", params{"KeyId": id, "EnableAutomaticRotation": true, "RotationInterval": "30d"})
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.RotationInterval", "2592000s")
	w.must(c, "UpdateRotationPolicy", params{"KeyId": id, "EnableAutomaticRotation": false})
}

func (w *world) liveImport(c client) {
	w.Helper()
	id := w.key(c, params{"DKMSInstanceId": nil, "Origin": "EXTERNAL"})
	w.equal(w.must(c, "DescribeKey", params{"KeyId": id}), "KeyMetadata.KeyState", "PendingImport")
	token, material := w.material(c, id, bytes.Repeat([]byte{7}, 32))
	w.must(c, "ImportKeyMaterial", params{"KeyId": id, "EncryptedKeyMaterial": material, "ImportToken": token, "KeyMaterialExpireUnix": 0})
	sealed := w.must(c, "Encrypt", params{"KeyId": id, "Plaintext": "aGVsbG8="}).text("CiphertextBlob")
	w.must(c, "DeleteKeyMaterial", params{"KeyId": id})
	token, material = w.material(c, id, bytes.Repeat([]byte{7}, 32))
	w.must(c, "ImportKeyMaterial", params{"KeyId": id, "EncryptedKeyMaterial": material, "ImportToken": token, "KeyMaterialExpireUnix": 0})
	w.equal(w.must(c, "Decrypt", params{"CiphertextBlob": sealed}), "Plaintext", "aGVsbG8=")
}

// material wraps key material for a key as its owner would.
func (w *world) material(c client, id string, key []byte) (token, wrapped string) {
	w.Helper()
	p := w.must(c, "GetParametersForImport", params{"KeyId": id, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
	der, err := base64.StdEncoding.DecodeString(p.text("PublicKey"))
	if err != nil {
		w.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		w.Fatal(err)
	}
	blob, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), key, nil)
	if err != nil {
		w.Fatal(err)
	}
	return p.text("ImportToken"), base64.StdEncoding.EncodeToString(blob)
}

func (w *world) liveTags(c client) {
	w.Helper()
	id := w.key(c, nil)
	w.must(c, "TagResource", params{"KeyId": id, "Tags": `[{"TagKey":"a","TagValue":"1"}]`})
	w.must(c, "TagResources", params{"RegionId": w.ready.Region, "ResourceType": "key", "ResourceId": []string{id}, "Tag": []map[string]string{{"Key": "b", "Value": "2"}}})
	tags := w.must(c, "ListTagResources", params{"RegionId": w.ready.Region, "ResourceType": "key", "ResourceId": []string{id}})
	if got := tags.list("TagResources.TagResource"); len(got) != 2 {
		w.Errorf("%v", tags)
	}
	w.must(c, "UntagResource", params{"KeyId": id, "TagKeys": `["a"]`})
	w.equal(w.must(c, "ListResourceTags", params{"KeyId": id}), "Tags.Tag.0.TagKey", "b")
	w.must(c, "UntagResources", params{"RegionId": w.ready.Region, "ResourceType": "key", "ResourceId": []string{id}, "TagKey": []string{"b"}})
	if got := w.must(c, "ListResourceTags", params{"KeyId": id}).list("Tags.Tag"); len(got) != 0 {
		w.Errorf("%v", got)
	}
}

func (w *world) policy() string {
	return `{"Version":"1","Statement":[{"Sid":"all","Effect":"Allow","Principal":{"RAM":["acs:ram::` + w.ready.AccountID + `:*"]},"Action":["kms:*"],"Resource":["*"]}]}`
}

func (w *world) livePolicies(c client) {
	w.Helper()
	id, name := w.key(c, nil), w.name("policied")
	w.must(c, "CreateSecret", params{"SecretName": name, "SecretData": "x", "VersionId": "1", "DKMSInstanceId": w.ready.Instance.ID, "EncryptionKeyId": id})
	w.must(c, "SetKeyPolicy", params{"KeyId": id, "PolicyName": "default", "Policy": w.policy()})
	w.must(c, "SetSecretPolicy", params{"SecretName": name, "PolicyName": "default", "Policy": w.policy()})
	for _, got := range []answer{
		w.must(c, "GetKeyPolicy", params{"KeyId": id, "PolicyName": "default"}),
		w.must(c, "GetSecretPolicy", params{"SecretName": name, "PolicyName": "default"}),
	} {
		var policy map[string]any
		if err := json.Unmarshal([]byte(got.text("Policy")), &policy); err != nil || policy["Version"] != "1" {
			w.Errorf("%v %v", err, got)
		}
	}
}

func (w *world) liveEncryption(c client) {
	w.Helper()
	id, other := w.key(c, nil), w.key(c, nil)
	alias := "alias/" + w.name("crypto")
	w.must(c, "CreateAlias", params{"AliasName": alias, "KeyId": id})
	context := map[string]any{"app": "<orders>&co", "env": "prod", "größe": "a=b"}
	plaintext := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb, 0xff}, 3072)) // as much as is allowed, with + and /
	sealed := w.must(c, "Encrypt", params{"KeyId": alias, "Plaintext": plaintext, "EncryptionContext": context})
	w.equal(sealed, "KeyId", id)
	opened := w.must(c, "Decrypt", params{"CiphertextBlob": sealed.text("CiphertextBlob"), "EncryptionContext": context})
	w.equal(opened, "Plaintext", plaintext)
	w.equal(opened, "KeyVersionId", sealed.text("KeyVersionId"))
	again := w.must(c, "ReEncrypt", params{"CiphertextBlob": sealed.text("CiphertextBlob"), "SourceEncryptionContext": context, "DestinationKeyId": other})
	w.equal(w.must(c, "Decrypt", params{"CiphertextBlob": again.text("CiphertextBlob")}), "KeyId", other)
	data := w.must(c, "GenerateDataKey", params{"KeyId": id, "KeySpec": "AES_128", "EncryptionContext": context})
	w.equal(w.must(c, "Decrypt", params{"CiphertextBlob": data.text("CiphertextBlob"), "EncryptionContext": context}), "Plaintext", data.text("Plaintext"))
	hidden := w.must(c, "GenerateDataKeyWithoutPlaintext", params{"KeyId": id, "NumberOfBytes": 48})
	key, err := base64.StdEncoding.DecodeString(w.must(c, "Decrypt", params{"CiphertextBlob": hidden.text("CiphertextBlob")}).text("Plaintext"))
	if err != nil || len(key) != 48 {
		w.Errorf("a data key of 48 bytes has %d: %v", len(key), err)
	}
}

func (w *world) liveExport(c client) {
	w.Helper()
	id := w.key(c, nil)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		w.Fatal(err)
	}
	wrapping := params{"PublicKeyBlob": base64.StdEncoding.EncodeToString(der), "WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_256"}
	with := func(p params) params {
		for name, v := range wrapping {
			p[name] = v
		}
		return p
	}
	made := w.must(c, "GenerateAndExportDataKey", with(params{"KeyId": id, "KeySpec": "AES_256"}))
	exported := w.must(c, "ExportDataKey", with(params{"CiphertextBlob": made.text("CiphertextBlob")}))
	plain := w.must(c, "Decrypt", params{"CiphertextBlob": made.text("CiphertextBlob")}).text("Plaintext")
	for _, a := range []answer{made, exported} {
		wrapped, err := base64.StdEncoding.DecodeString(a.text("ExportedDataKey"))
		if err != nil {
			w.Fatal(err)
		}
		key, err := rsa.DecryptOAEP(sha256.New(), nil, private, wrapped, nil)
		if err != nil || base64.StdEncoding.EncodeToString(key) != plain {
			w.Errorf("the exported key is not the data key: %v", err)
		}
	}
}

func (w *world) liveAsymmetric(c client) {
	w.Helper()
	id := w.key(c, params{"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT/DECRYPT"})
	version := w.must(c, "ListKeyVersions", params{"KeyId": id}).text("KeyVersions.KeyVersion.0.KeyVersionId")
	use := func(p params) params { p["KeyId"], p["KeyVersionId"] = id, version; return p }
	sealed := w.must(c, "AsymmetricEncrypt", use(params{"Algorithm": "RSAES_OAEP_SHA_256", "Plaintext": "aGVsbG8="}))
	w.equal(w.must(c, "AsymmetricDecrypt", use(params{"Algorithm": "RSAES_OAEP_SHA_256", "CiphertextBlob": sealed.text("CiphertextBlob")})), "Plaintext", "aGVsbG8=")

	id = w.key(c, params{"KeySpec": "RSA_3072"}) // the default usage is SIGN/VERIFY
	version = w.must(c, "ListKeyVersions", params{"KeyId": id}).text("KeyVersions.KeyVersion.0.KeyVersionId")
	digest := sha256.Sum256([]byte("message"))
	text := base64.StdEncoding.EncodeToString(digest[:])
	signed := w.must(c, "AsymmetricSign", use(params{"Algorithm": "RSA_PKCS1_SHA_256", "Digest": text}))
	value := signed.text("Value")
	w.equal(w.must(c, "AsymmetricVerify", use(params{"Algorithm": "RSA_PKCS1_SHA_256", "Digest": text, "Value": value})), "Value", true)
	w.equal(w.must(c, "AsymmetricVerify", use(params{"Algorithm": "RSA_PSS_SHA_256", "Digest": text, "Value": value})), "Value", false)
	block, _ := pem.Decode([]byte(w.must(c, "GetPublicKey", use(params{})).text("PublicKey")))
	if block == nil {
		w.Fatal("the public key is not PEM")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		w.Fatal(err)
	}
	signature, err := base64.StdEncoding.DecodeString(value)
	if err != nil || rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), crypto.SHA256, digest[:], signature) != nil {
		w.Errorf("the signature is not real: %v", err)
	}
}
