package engine

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func encryptOf(key string, plaintext []byte) *encryptRequest {
	return &encryptRequest{KeyId: &key, Plaintext: param(base64Text(plaintext))}
}

func TestEncryptParameters(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "")
	must[empty](w, w.public(), "CreateAlias", &AliasRequest{param("alias/orders"), &key.KeyId})
	for _, c := range []struct {
		name string
		in   *encryptRequest
		code string
	}{
		{"by id", encryptOf(key.KeyId, []byte("x")), ""},
		{"by alias", encryptOf("alias/orders", []byte("x")), ""},
		{"by ARN", encryptOf(key.Arn, []byte("x")), ""},
		{"largest", encryptOf(key.KeyId, make([]byte, 6144)), ""},
		{"too large", encryptOf(key.KeyId, make([]byte, 6145)), "InvalidParameter"},
		{"no plaintext", &encryptRequest{KeyId: &key.KeyId}, "MissingParameter"},
		{"not base64", &encryptRequest{KeyId: &key.KeyId, Plaintext: param("%%%")}, ""},
		{"no key", &encryptRequest{Plaintext: param("eA==")}, "MissingParameter"},
		{"unknown key", encryptOf("00000000-0000-4000-8000-000000000000", []byte("x")), "Forbidden.KeyNotFound"},
		{"unknown alias", encryptOf("alias/none", []byte("x")), "Forbidden.AliasNotFound"},
		{"number in the context", &encryptRequest{KeyId: &key.KeyId, Plaintext: param("eA=="), EncryptionContext: JSONMap{"a": 1.0}}, "InvalidParameter"},
		{"list in the context", &encryptRequest{KeyId: &key.KeyId, Plaintext: param("eA=="), EncryptionContext: JSONMap{"a": []any{"b"}}}, "InvalidParameter"},
		{"long context", &encryptRequest{KeyId: &key.KeyId, Plaintext: param("eA=="), EncryptionContext: JSONMap{"a": strings.Repeat("x", 8192)}}, "InvalidParameter"},
		{"unknown DryRun", &encryptRequest{KeyId: &key.KeyId, Plaintext: param("eA=="), DryRun: param("perhaps")}, "InvalidParameter"},
	} {
		out, err := ask[encryptResponse](w, w.public(), "Encrypt", c.in)
		if c.code != "" {
			refusedWith(t, c.name, err, c.code)
			continue
		}
		if err != nil || out.KeyId != key.KeyId || out.KeyVersionId != key.PrimaryKeyVersion {
			t.Errorf("%s: %+v, %v", c.name, out, err)
		}
	}
}

func TestDecryptNeedsTheContext(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	sealed := func(context JSONMap) *string {
		in := encryptOf(key, []byte("x"))
		in.EncryptionContext = context
		return &must[encryptResponse](w, w.public(), "Encrypt", in).CiphertextBlob
	}
	for _, c := range []struct {
		name       string
		seal, open JSONMap
		opens      bool
	}{
		{"none and none", nil, nil, true},
		{"none and empty", nil, JSONMap{}, true},
		{"empty and none", JSONMap{}, nil, true},
		{"same", JSONMap{"a": "1", "b": "2"}, JSONMap{"b": "2", "a": "1"}, true},
		{"another value", JSONMap{"a": "1"}, JSONMap{"a": "2"}, false},
		{"another key", JSONMap{"a": "1"}, JSONMap{"b": "1"}, false},
		{"missing", JSONMap{"a": "1"}, nil, false},
		{"added", nil, JSONMap{"a": "1"}, false},
		{"unescaped as in the service", JSONMap{"a": "1&b=2"}, JSONMap{"a": "1", "b": "2"}, true},
	} {
		_, err := ask[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: sealed(c.seal), EncryptionContext: c.open})
		if c.opens && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.opens {
			refusedWith(t, c.name, err, "InvalidParameter")
		}
	}
}

func TestAnotherRegionDoesNotKnowTheKey(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "").KeyId
	blob := must[encryptResponse](w, w.public(), "Encrypt", encryptOf(key, []byte("x"))).CiphertextBlob
	c := w.public()
	c.Region = "cn-shanghai"
	_, err := ask[decryptResponse](w, c, "Decrypt", &decryptRequest{CiphertextBlob: &blob})
	refusedWith(t, "another region", err, "Forbidden.KeyNotFound")
}

func TestAnotherAccountNeedsTheKeysPolicy(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "")
	blob := must[encryptResponse](w, w.public(), "Encrypt", encryptOf(key.KeyId, []byte("shared"))).CiphertextBlob
	c := w.public()
	c.Account, c.Principal = "9999999999999999", "acs:ram::9999999999999999:user/bob"
	_, err := ask[decryptResponse](w, c, "Decrypt", &decryptRequest{CiphertextBlob: &blob})
	refusedWith(t, "without a policy", err, "Forbidden.NoPermission")
	w.setKey(key.KeyId, func(k *Key) {
		k.Policy = `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["` + c.Principal + `"]},"Action":["kms:Decrypt"],"Resource":["*"]}]}`
	})
	out, err := ask[decryptResponse](w, c, "Decrypt", &decryptRequest{CiphertextBlob: &blob})
	if err != nil || out.KeyId != key.KeyId {
		t.Errorf("with a policy: %+v, %v", out, err)
	}
	_, err = ask[encryptResponse](w, c, "Encrypt", encryptOf(key.Arn, []byte("x")))
	refusedWith(t, "an action the policy does not name", err, "Forbidden.NoPermission")
}

func TestDryRunNeverSucceeds(t *testing.T) {
	w := newCryptoWorld(t)
	aes := w.key(w.software, "Aliyun_AES_256", "").KeyId
	rsa := w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	ec := w.key(w.software, "EC_P256", "SIGN/VERIFY").KeyId
	rsaVersion, ecVersion := w.version(rsa), w.version(ec)
	dry, digest := param("true"), param(base64Text(make([]byte, 32)))
	blob := &must[encryptResponse](w, w.public(), "Encrypt", encryptOf(aes, []byte("x"))).CiphertextBlob
	public := param(pemToDER(t, must[getPublicKeyResponse](w, w.public(), "GetPublicKey", &getPublicKeyRequest{KeyId: &rsa}).PublicKey))
	oaep, spec := param("RSAES_OAEP_SHA_256"), param("RSA_2048")
	sealed := &must[encryptResponse](w, w.public(), "AsymmetricEncrypt", &asymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, Plaintext: param("eA==")}).CiphertextBlob
	w.secret("dry", "v1", "value")
	for name, in := range map[string]func(dry *string) any{
		"Encrypt":                         func(d *string) any { return &encryptRequest{KeyId: &aes, Plaintext: param("eA=="), DryRun: d} },
		"Decrypt":                         func(d *string) any { return &decryptRequest{CiphertextBlob: blob, DryRun: d} },
		"ReEncrypt":                       func(d *string) any { return &reEncryptRequest{CiphertextBlob: blob, DestinationKeyId: &aes, DryRun: d} },
		"GenerateDataKey":                 func(d *string) any { return &dataKeyRequest{KeyId: &aes, DryRun: d} },
		"GenerateDataKeyWithoutPlaintext": func(d *string) any { return &dataKeyRequest{KeyId: &aes, DryRun: d} },
		"ExportDataKey": func(d *string) any {
			return &exportDataKeyRequest{CiphertextBlob: blob, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: spec, DryRun: d}
		},
		"GenerateAndExportDataKey": func(d *string) any {
			return &generateAndExportDataKeyRequest{KeyId: &aes, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: spec, DryRun: d}
		},
		"AsymmetricEncrypt": func(d *string) any {
			return &asymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, Plaintext: param("eA=="), DryRun: d}
		},
		"AsymmetricDecrypt": func(d *string) any {
			return &asymmetricDecryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, CiphertextBlob: sealed, DryRun: d}
		},
		"AsymmetricSign": func(d *string) any {
			return &asymmetricSignRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: param("ECDSA_SHA_256"), Digest: digest, DryRun: d}
		},
		"AsymmetricVerify": func(d *string) any {
			return &asymmetricVerifyRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: param("ECDSA_SHA_256"), Digest: digest, Value: param("eA=="), DryRun: d}
		},
		"GetPublicKey":   func(d *string) any { return &getPublicKeyRequest{KeyId: &ec, DryRun: d} },
		"GetSecretValue": func(d *string) any { return &getSecretValueRequest{SecretName: param("dry"), DryRun: d} },
	} {
		handle := Operations()[name].Handle
		if _, err := handle(w.e, w.public(), in(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := handle(w.e, w.public(), in(param("false"))); err != nil {
			t.Errorf("%s with DryRun=false: %v", name, err)
		}
		_, err := handle(w.e, w.public(), in(dry))
		refusedWith(t, name, err, "DryRunOperationError")
		_, err = handle(w.e, w.public(), Operations()[name].New())
		if err == nil {
			t.Errorf("%s with nothing succeeds", name)
		}
	}
	_, err := ask[encryptResponse](w, w.public(), "Encrypt", &encryptRequest{KeyId: param("alias/none"), Plaintext: param("eA=="), DryRun: dry})
	refusedWith(t, "would be refused", err, "ValidationError")
	c := w.public()
	c.Account = "9999999999999999"
	_, err = ask[decryptResponse](w, c, "Decrypt", &decryptRequest{CiphertextBlob: blob, DryRun: dry})
	refusedWith(t, "may not", err, "AccessDeniedError")
}

// useOf is a request of one cryptographic operation on a key.
type useOf struct {
	name    string
	request any
	message proto.Message
}

// usesOf lists every operation that uses a symmetric, an encrypting and a signing
// key, ready to be refused for their state.
func usesOf(w *cryptoWorld, aes, rsa, ec string) []useOf {
	rsaVersion, ecVersion := w.version(rsa), w.version(ec)
	blob := must[encryptResponse](w, w.public(), "Encrypt", encryptOf(aes, []byte("x"))).CiphertextBlob
	advance := mustInstance[*dkms.AdvanceEncryptResponse](w, w.client(), "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: aes, Plaintext: []byte("x")})
	plain := mustInstance[*dkms.EncryptResponse](w, w.client(), "Encrypt", &dkms.EncryptRequest{KeyId: aes, Plaintext: []byte("x")})
	oaep, ecdsa, digest := param("RSAES_OAEP_SHA_256"), param("ECDSA_SHA_256"), param(base64Text(make([]byte, 32)))
	public := param(pemToDER(w, must[getPublicKeyResponse](w, w.public(), "GetPublicKey", &getPublicKeyRequest{KeyId: &rsa}).PublicKey))
	return []useOf{
		{"Encrypt", encryptOf(aes, []byte("x")), nil},
		{"Decrypt", &decryptRequest{CiphertextBlob: &blob}, nil},
		{"ReEncrypt", &reEncryptRequest{CiphertextBlob: &blob, DestinationKeyId: &aes}, nil},
		{"GenerateDataKey", &dataKeyRequest{KeyId: &aes}, nil},
		{"GenerateDataKeyWithoutPlaintext", &dataKeyRequest{KeyId: &aes}, nil},
		{"ExportDataKey", &exportDataKeyRequest{CiphertextBlob: &blob, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: param("RSA_2048")}, nil},
		{"GenerateAndExportDataKey", &generateAndExportDataKeyRequest{KeyId: &aes, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: param("RSA_2048")}, nil},
		{"AsymmetricEncrypt", &asymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, Plaintext: param("eA==")}, nil},
		{"AsymmetricDecrypt", &asymmetricDecryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, CiphertextBlob: param("eA==")}, nil},
		{"AsymmetricSign", &asymmetricSignRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: ecdsa, Digest: digest}, nil},
		{"AsymmetricVerify", &asymmetricVerifyRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: ecdsa, Digest: digest, Value: param("eA==")}, nil},
		{"GetPublicKey", &getPublicKeyRequest{KeyId: &ec}, nil},
		{"Encrypt", nil, &dkms.EncryptRequest{KeyId: aes, Plaintext: []byte("x")}},
		{"Decrypt", nil, &dkms.DecryptRequest{KeyId: aes, CiphertextBlob: plain.CiphertextBlob, Iv: plain.Iv}},
		{"AdvanceEncrypt", nil, &dkms.AdvanceEncryptRequest{KeyId: aes, Plaintext: []byte("x")}},
		{"AdvanceDecrypt", nil, &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob}},
		{"GenerateDataKey", nil, &dkms.GenerateDataKeyRequest{KeyId: aes, NumberOfBytes: 16}},
		{"AdvanceGenerateDataKey", nil, &dkms.AdvanceGenerateDataKeyRequest{KeyId: aes, NumberOfBytes: 16}},
		{"GenerateDataKeyPair", nil, &dkms.GenerateDataKeyPairRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"GenerateDataKeyPairWithoutPlaintext", nil, &dkms.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"AdvanceGenerateDataKeyPair", nil, &dkms.AdvanceGenerateDataKeyPairRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"AdvanceGenerateDataKeyPairWithoutPlaintext", nil, &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{KeyId: aes, KeyPairSpec: "EC_P256"}},
		{"Sign", nil, &dkms.SignRequest{KeyId: ec, Message: []byte("x")}},
		{"Verify", nil, &dkms.VerifyRequest{KeyId: ec, Message: []byte("x"), Signature: []byte("x")}},
		{"GetPublicKey", nil, &dkms.GetPublicKeyRequest{KeyId: ec}},
	}
}

func (u useOf) run(w *cryptoWorld) error {
	if u.message != nil {
		_, err := InstanceOperations()[u.name].Handle(w.e, w.client(), u.message)
		return err
	}
	_, err := Operations()[u.name].Handle(w.e, w.public(), u.request)
	return err
}

func (u useOf) title() string {
	if u.message != nil {
		return "instance " + u.name
	}
	return u.name
}

func TestKeyStatesRefuseEveryUse(t *testing.T) {
	w := newCryptoWorld(t)
	aes := w.key(w.software, "Aliyun_AES_256", "").KeyId
	rsa := w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	ec := w.key(w.software, "EC_P256", "SIGN/VERIFY").KeyId
	uses := usesOf(w, aes, rsa, ec)
	for _, u := range uses {
		if err := u.run(w); err != nil && u.name != "AsymmetricDecrypt" {
			t.Errorf("%s on enabled keys: %v", u.title(), err)
		}
	}
	for state, code := range map[string]string{
		stateDisabled: "Rejected.Disabled", statePendingDeletion: "Rejected.PendingDeletion", statePendingImport: "Rejected.PendingImport",
	} {
		for _, id := range []string{aes, rsa, ec} {
			w.setKey(id, func(k *Key) { k.State = state })
		}
		for _, u := range uses {
			refusedWith(t, u.title()+" in "+state, u.run(w), code)
		}
	}
}

func TestUnreachableInstanceRefusesEveryUse(t *testing.T) {
	w := newCryptoWorld(t)
	aes := w.key(w.software, "Aliyun_AES_256", "").KeyId
	rsa := w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	ec := w.key(w.software, "EC_P256", "SIGN/VERIFY").KeyId
	uses := usesOf(w, aes, rsa, ec)
	w.setInstance(w.software, func(i *KMSInstance) { i.PublicAccess = false })
	for _, u := range uses {
		err := u.run(w)
		if u.message == nil {
			refusedWith(t, u.title()+" without public access", err, "UnsupportedOperation")
		} else if err != nil {
			t.Errorf("%s without public access: %v", u.title(), err)
		}
	}
	if _, err := ask[encryptResponse](w, w.dedicated(), "Encrypt", encryptOf(aes, []byte("x"))); err != nil {
		t.Errorf("dedicated without public access: %v", err)
	}
	w.setInstance(w.software, func(i *KMSInstance) { i.Status = "Error" })
	for _, u := range uses {
		refusedWith(t, u.title()+" on a broken instance", u.run(w), "Rejected.Unavailable")
	}
}

func TestStrictDefaultKeysAreNotForClients(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := newCryptoWorld(t, func(o *Options) { o.Strict = strict })
		key := w.key("", "Aliyun_AES_256", "").KeyId
		_, err := ask[encryptResponse](w, w.public(), "Encrypt", encryptOf(key, []byte("x")))
		if strict {
			refusedWith(t, "strict", err, "UnsupportedOperation")
		} else if err != nil {
			t.Errorf("not strict: %v", err)
		}
	}
}

func TestUsageAndClassAreHeld(t *testing.T) {
	w := newCryptoWorld(t)
	keys := map[string]string{
		"aes":     w.key(w.software, "Aliyun_AES_256", "").KeyId,
		"encrypt": w.key(w.software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId,
		"sign":    w.key(w.software, "RSA_2048", "").KeyId, // RSA without KeyUsage signs
		"mac":     w.key(w.software, "HMAC_SHA256", "").KeyId,
	}
	for _, c := range []struct {
		name  string
		works string
		ask   func(key, version *string) error
	}{
		{"Encrypt", "aes", func(k, _ *string) error {
			return useOf{"Encrypt", &encryptRequest{KeyId: k, Plaintext: param("eA==")}, nil}.run(w)
		}},
		{"GenerateDataKey", "aes", func(k, _ *string) error { return useOf{"GenerateDataKey", &dataKeyRequest{KeyId: k}, nil}.run(w) }},
		{"AsymmetricEncrypt", "encrypt", func(k, v *string) error {
			return useOf{"AsymmetricEncrypt", &asymmetricEncryptRequest{KeyId: k, KeyVersionId: v, Algorithm: param("RSAES_OAEP_SHA_256"), Plaintext: param("eA==")}, nil}.run(w)
		}},
		{"AsymmetricSign", "sign", func(k, v *string) error {
			return useOf{"AsymmetricSign", &asymmetricSignRequest{KeyId: k, KeyVersionId: v, Algorithm: param("RSA_PSS_SHA_256"), Digest: param(base64Text(make([]byte, 32)))}, nil}.run(w)
		}},
		{"instance Sign", "sign", func(k, _ *string) error {
			return useOf{"Sign", nil, &dkms.SignRequest{KeyId: *k, Message: []byte("x")}}.run(w)
		}},
		{"AdvanceEncrypt", "aes", func(k, _ *string) error {
			return useOf{"AdvanceEncrypt", nil, &dkms.AdvanceEncryptRequest{KeyId: *k, Plaintext: []byte("x")}}.run(w)
		}},
		{"AdvanceGenerateDataKey", "aes", func(k, _ *string) error {
			return useOf{"AdvanceGenerateDataKey", nil, &dkms.AdvanceGenerateDataKeyRequest{KeyId: *k, NumberOfBytes: 1}}.run(w)
		}},
	} {
		for kind, id := range keys {
			err := c.ask(&id, param(w.version(id)))
			if kind == c.works && err != nil {
				t.Errorf("%s on %s: %v", c.name, kind, err)
			}
			if kind != c.works {
				refusedWith(t, c.name+" on "+kind, err, "UnsupportedOperation")
			}
		}
	}
}

func TestDedicatedServesItsInstanceOnly(t *testing.T) {
	w := newCryptoWorld(t)
	for home, want := range map[string]string{w.software: "", w.hardware: "Forbidden.KeyNotFound", "": "Forbidden.KeyNotFound"} {
		key := w.key(home, "Aliyun_AES_256", "").KeyId
		blob := must[encryptResponse](w, w.public(), "Encrypt", encryptOf(key, []byte("x"))).CiphertextBlob
		_, err := ask[encryptResponse](w, w.dedicated(), "Encrypt", encryptOf(key, []byte("x")))
		_, err2 := ask[decryptResponse](w, w.dedicated(), "Decrypt", &decryptRequest{CiphertextBlob: &blob})
		_, err3 := askInstance[*dkms.EncryptResponse](w, w.client(), "Encrypt", &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x")})
		for _, err := range []error{err, err2, err3} {
			if want == "" && err != nil {
				t.Errorf("a key of the instance: %v", err)
			}
			if want != "" {
				refusedWith(t, "a key of "+home, err, want)
			}
		}
	}
}

func TestDedicatedOperations(t *testing.T) {
	dedicated := map[string]bool{
		"Encrypt": true, "Decrypt": true, "GenerateDataKey": true, "GenerateDataKeyWithoutPlaintext": true, "ExportDataKey": true,
		"GenerateAndExportDataKey": true, "AsymmetricEncrypt": true, "AsymmetricDecrypt": true, "AsymmetricSign": true,
		"AsymmetricVerify": true, "GetPublicKey": true, "GetSecretValue": true,
	}
	for name, o := range Operations() {
		if o.Dedicated != dedicated[name] {
			t.Errorf("%s on the dedicated gateway: %v", name, o.Dedicated)
		}
	}
	if n := len(InstanceOperations()); n != 15 {
		t.Errorf("%d instance operations, want 15", n)
	}
}

// A key that was deleted or whose material changed must not live on in the cache.
func TestParsedKeysFollowTheStore(t *testing.T) {
	w := newCryptoWorld(t)
	key := w.key(w.software, "Aliyun_AES_256", "")
	blob := must[encryptResponse](w, w.public(), "Encrypt", encryptOf(key.KeyId, []byte("x"))).CiphertextBlob
	w.change(func(tx *store.Tx) {
		v, _ := w.e.table.keyVersions.Get(tx, w.public().scope(key.PrimaryKeyVersion))
		v.Material = make([]byte, 32)
		w.e.putVersion(tx, &v)
	})
	_, err := ask[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: &blob})
	refusedWith(t, "after the material changed", err, "InvalidParameter")
	w.change(func(tx *store.Tx) {
		k, _ := w.e.table.keys.Get(tx, w.public().scope(key.KeyId))
		if err := w.e.deleteKey(tx, &k); err != nil {
			t.Fatal(err)
		}
	})
	_, err = ask[decryptResponse](w, w.public(), "Decrypt", &decryptRequest{CiphertextBlob: &blob})
	refusedWith(t, "after the key was deleted", err, "Forbidden.KeyNotFound")
}
