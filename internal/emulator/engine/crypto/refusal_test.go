package crypto_test

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func encryptOf(key string, plaintext []byte) *crypto.EncryptRequest {
	return &crypto.EncryptRequest{KeyId: &key, Plaintext: enginetest.Param(core.Base64Text(plaintext))}
}

func TestEncryptParameters(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "")
	enginetest.Must[core.Empty](w, w.Public(), "CreateAlias", &keys.AliasRequest{AliasName: enginetest.Param("alias/orders"), KeyId: &key.KeyId})
	for _, c := range []struct {
		name string
		in   *crypto.EncryptRequest
		code string
	}{
		{"by id", encryptOf(key.KeyId, []byte("x")), ""},
		{"by alias", encryptOf("alias/orders", []byte("x")), ""},
		{"by ARN", encryptOf(key.Arn, []byte("x")), ""},
		{"largest", encryptOf(key.KeyId, make([]byte, 6144)), ""},
		{"too large", encryptOf(key.KeyId, make([]byte, 6145)), "InvalidParameter"},
		{"no plaintext", &crypto.EncryptRequest{KeyId: &key.KeyId}, "MissingParameter"},
		{"not base64", &crypto.EncryptRequest{KeyId: &key.KeyId, Plaintext: enginetest.Param("%%%")}, ""},
		{"no key", &crypto.EncryptRequest{Plaintext: enginetest.Param("eA==")}, "MissingParameter"},
		{"unknown key", encryptOf("00000000-0000-4000-8000-000000000000", []byte("x")), "Forbidden.KeyNotFound"},
		{"unknown alias", encryptOf("alias/none", []byte("x")), "Forbidden.AliasNotFound"},
		{"number in the context", &crypto.EncryptRequest{KeyId: &key.KeyId, Plaintext: enginetest.Param("eA=="), EncryptionContext: core.JSONMap{"a": 1.0}}, "InvalidParameter"},
		{"list in the context", &crypto.EncryptRequest{KeyId: &key.KeyId, Plaintext: enginetest.Param("eA=="), EncryptionContext: core.JSONMap{"a": []any{"b"}}}, "InvalidParameter"},
		{"long context", &crypto.EncryptRequest{KeyId: &key.KeyId, Plaintext: enginetest.Param("eA=="), EncryptionContext: core.JSONMap{"a": strings.Repeat("x", 8192)}}, "InvalidParameter"},
		{"unknown DryRun", &crypto.EncryptRequest{KeyId: &key.KeyId, Plaintext: enginetest.Param("eA=="), DryRun: enginetest.Param("perhaps")}, "InvalidParameter"},
	} {
		out, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "Encrypt", c.in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.name, err, c.code)
			continue
		}
		if err != nil || out.KeyId != key.KeyId || out.KeyVersionId != key.PrimaryKeyVersion {
			t.Errorf("%s: %+v, %v", c.name, out, err)
		}
	}
}

func TestDecryptNeedsTheContext(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	sealed := func(context core.JSONMap) *string {
		in := encryptOf(key, []byte("x"))
		in.EncryptionContext = context
		return &enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", in).CiphertextBlob
	}
	for _, c := range []struct {
		name       string
		seal, open core.JSONMap
		opens      bool
	}{
		{"none and none", nil, nil, true},
		{"none and empty", nil, core.JSONMap{}, true},
		{"empty and none", core.JSONMap{}, nil, true},
		{"same", core.JSONMap{"a": "1", "b": "2"}, core.JSONMap{"b": "2", "a": "1"}, true},
		{"another value", core.JSONMap{"a": "1"}, core.JSONMap{"a": "2"}, false},
		{"another key", core.JSONMap{"a": "1"}, core.JSONMap{"b": "1"}, false},
		{"missing", core.JSONMap{"a": "1"}, nil, false},
		{"added", nil, core.JSONMap{"a": "1"}, false},
		{"unescaped as in the service", core.JSONMap{"a": "1&b=2"}, core.JSONMap{"a": "1", "b": "2"}, true},
	} {
		_, err := enginetest.Ask[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: sealed(c.seal), EncryptionContext: c.open})
		if c.opens && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.opens {
			enginetest.RefusedWith(t, c.name, err, "InvalidParameter")
		}
	}
}

func TestAnotherRegionDoesNotKnowTheKey(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key, []byte("x"))).CiphertextBlob
	c := w.Public()
	c.Region = "cn-shanghai"
	_, err := enginetest.Ask[crypto.DecryptResponse](w, c, "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob})
	enginetest.RefusedWith(t, "another region", err, "Forbidden.KeyNotFound")
}

func TestAnotherAccountNeedsTheKeysPolicy(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "")
	blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key.KeyId, []byte("shared"))).CiphertextBlob
	c := w.Public()
	c.Account, c.Principal = "9999999999999999", "acs:ram::9999999999999999:user/bob"
	_, err := enginetest.Ask[crypto.DecryptResponse](w, c, "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob})
	enginetest.RefusedWith(t, "without a policy", err, "Forbidden.NoPermission")
	w.SetKey(key.KeyId, func(k *core.Key) {
		k.Policy = `{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["` + c.Principal + `"]},"Action":["kms:Decrypt"],"Resource":["*"]}]}`
	})
	out, err := enginetest.Ask[crypto.DecryptResponse](w, c, "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob})
	if err != nil || out.KeyId != key.KeyId {
		t.Errorf("with a policy: %+v, %v", out, err)
	}
	_, err = enginetest.Ask[crypto.EncryptResponse](w, c, "Encrypt", encryptOf(key.Arn, []byte("x")))
	enginetest.RefusedWith(t, "an action the policy does not name", err, "Forbidden.NoPermission")
}

func TestDryRunNeverSucceeds(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	aes := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	rsa := w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId
	ec := w.Key(w.Software, "EC_P256", "SIGN/VERIFY").KeyId
	rsaVersion, ecVersion := w.Version(rsa), w.Version(ec)
	dry, digest := enginetest.Param("true"), enginetest.Param(core.Base64Text(make([]byte, 32)))
	blob := &enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(aes, []byte("x"))).CiphertextBlob
	public := enginetest.Param(enginetest.PemToDER(t, enginetest.Must[crypto.GetPublicKeyResponse](w, w.Public(), "GetPublicKey", &crypto.GetPublicKeyRequest{KeyId: &rsa, KeyVersionId: &rsaVersion}).PublicKey))
	oaep, spec := enginetest.Param("RSAES_OAEP_SHA_256"), enginetest.Param("RSA_2048")
	sealed := &enginetest.Must[crypto.EncryptResponse](w, w.Public(), "AsymmetricEncrypt", &crypto.AsymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, Plaintext: enginetest.Param("eA==")}).CiphertextBlob
	w.Secret("dry", "v1", "value")
	for name, in := range map[string]func(dry *string) any{
		"Encrypt": func(d *string) any {
			return &crypto.EncryptRequest{KeyId: &aes, Plaintext: enginetest.Param("eA=="), DryRun: d}
		},
		"Decrypt": func(d *string) any { return &crypto.DecryptRequest{CiphertextBlob: blob, DryRun: d} },
		"ReEncrypt": func(d *string) any {
			return &crypto.ReEncryptRequest{CiphertextBlob: blob, DestinationKeyId: &aes, DryRun: d}
		},
		"GenerateDataKey":                 func(d *string) any { return &crypto.DataKeyRequest{KeyId: &aes, DryRun: d} },
		"GenerateDataKeyWithoutPlaintext": func(d *string) any { return &crypto.DataKeyRequest{KeyId: &aes, DryRun: d} },
		"ExportDataKey": func(d *string) any {
			return &crypto.ExportDataKeyRequest{CiphertextBlob: blob, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: spec, DryRun: d}
		},
		"GenerateAndExportDataKey": func(d *string) any {
			return &crypto.GenerateAndExportDataKeyRequest{KeyId: &aes, PublicKeyBlob: public, WrappingAlgorithm: oaep, WrappingKeySpec: spec, DryRun: d}
		},
		"AsymmetricEncrypt": func(d *string) any {
			return &crypto.AsymmetricEncryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, Plaintext: enginetest.Param("eA=="), DryRun: d}
		},
		"AsymmetricDecrypt": func(d *string) any {
			return &crypto.AsymmetricDecryptRequest{KeyId: &rsa, KeyVersionId: &rsaVersion, Algorithm: oaep, CiphertextBlob: sealed, DryRun: d}
		},
		"AsymmetricSign": func(d *string) any {
			return &crypto.AsymmetricSignRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: enginetest.Param("ECDSA_SHA_256"), Digest: digest, DryRun: d}
		},
		"AsymmetricVerify": func(d *string) any {
			return &crypto.AsymmetricVerifyRequest{KeyId: &ec, KeyVersionId: &ecVersion, Algorithm: enginetest.Param("ECDSA_SHA_256"), Digest: digest, Value: enginetest.Param("eA=="), DryRun: d}
		},
		"GetPublicKey": func(d *string) any {
			return &crypto.GetPublicKeyRequest{KeyId: &ec, KeyVersionId: &ecVersion, DryRun: d}
		},
		"GetSecretValue": func(d *string) any {
			return &secrets.GetSecretValueRequest{SecretName: enginetest.Param("dry"), DryRun: d}
		},
	} {
		handle := engine.Operations()[name].Handle
		if _, err := handle(w.E, w.Public(), in(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := handle(w.E, w.Public(), in(enginetest.Param("false"))); err != nil {
			t.Errorf("%s with DryRun=false: %v", name, err)
		}
		_, err := handle(w.E, w.Public(), in(dry))
		enginetest.RefusedWith(t, name, err, "DryRunOperationError")
		_, err = handle(w.E, w.Public(), engine.Operations()[name].New())
		if err == nil {
			t.Errorf("%s with nothing succeeds", name)
		}
	}
	_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "Encrypt", &crypto.EncryptRequest{KeyId: enginetest.Param("alias/none"), Plaintext: enginetest.Param("eA=="), DryRun: dry})
	enginetest.RefusedWith(t, "would be refused", err, "ValidationError")
	c := w.Public()
	c.Account = "9999999999999999"
	_, err = enginetest.Ask[crypto.DecryptResponse](w, c, "Decrypt", &crypto.DecryptRequest{CiphertextBlob: blob, DryRun: dry})
	enginetest.RefusedWith(t, "may not", err, "AccessDeniedError")
}

func TestStrictDefaultKeysAreNotForClients(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := enginetest.NewCryptoWorld(t, func(o *core.Options) { o.Strict = strict })
		key := w.Key("", "Aliyun_AES_256", "").KeyId
		_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key, []byte("x")))
		if strict {
			enginetest.RefusedWith(t, "strict", err, "UnsupportedOperation")
		} else if err != nil {
			t.Errorf("not strict: %v", err)
		}
	}
}

func TestUsageAndClassAreHeld(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	keys := map[string]string{
		"aes":     w.Key(w.Software, "Aliyun_AES_256", "").KeyId,
		"encrypt": w.Key(w.Software, "RSA_2048", "ENCRYPT/DECRYPT").KeyId,
		"sign":    w.Key(w.Software, "RSA_2048", "").KeyId, // RSA without KeyUsage signs
		"mac":     w.Key(w.Software, "HMAC_SHA256", "").KeyId,
	}
	for _, c := range []struct {
		name  string
		works string
		ask   func(key, version *string) error
	}{
		{"Encrypt", "aes", func(k, _ *string) error {
			return useOf{"Encrypt", &crypto.EncryptRequest{KeyId: k, Plaintext: enginetest.Param("eA==")}, nil}.run(w)
		}},
		{"GenerateDataKey", "aes", func(k, _ *string) error {
			return useOf{"GenerateDataKey", &crypto.DataKeyRequest{KeyId: k}, nil}.run(w)
		}},
		{"AsymmetricEncrypt", "encrypt", func(k, v *string) error {
			return useOf{"AsymmetricEncrypt", &crypto.AsymmetricEncryptRequest{KeyId: k, KeyVersionId: v, Algorithm: enginetest.Param("RSAES_OAEP_SHA_256"), Plaintext: enginetest.Param("eA==")}, nil}.run(w)
		}},
		{"AsymmetricSign", "sign", func(k, v *string) error {
			return useOf{"AsymmetricSign", &crypto.AsymmetricSignRequest{KeyId: k, KeyVersionId: v, Algorithm: enginetest.Param("RSA_PSS_SHA_256"), Digest: enginetest.Param(core.Base64Text(make([]byte, 32)))}, nil}.run(w)
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
			err := c.ask(&id, enginetest.Param(w.Version(id)))
			if kind == c.works && err != nil {
				t.Errorf("%s on %s: %v", c.name, kind, err)
			}
			if kind != c.works {
				enginetest.RefusedWith(t, c.name+" on "+kind, err, "UnsupportedOperation")
			}
		}
	}
}

func TestDedicatedServesItsInstanceOnly(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for home, want := range map[string]string{w.Software: "", w.Hardware: "Forbidden.KeyNotFound", "": "Forbidden.KeyNotFound"} {
		key := w.Key(home, "Aliyun_AES_256", "").KeyId
		blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key, []byte("x"))).CiphertextBlob
		_, err := enginetest.Ask[crypto.EncryptResponse](w, w.Dedicated(), "Encrypt", encryptOf(key, []byte("x")))
		_, err2 := enginetest.Ask[crypto.DecryptResponse](w, w.Dedicated(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob})
		_, err3 := enginetest.AskInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x")})
		for _, err := range []error{err, err2, err3} {
			if want == "" && err != nil {
				t.Errorf("a key of the instance: %v", err)
			}
			if want != "" {
				enginetest.RefusedWith(t, "a key of "+home, err, want)
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
	for name, o := range engine.Operations() {
		if o.Dedicated != dedicated[name] {
			t.Errorf("%s on the dedicated gateway: %v", name, o.Dedicated)
		}
	}
	if n := len(engine.InstanceOperations()); n != 15 {
		t.Errorf("%d instance operations, want 15", n)
	}
}

// A key that was deleted or whose material changed must not live on in the cache.
func TestParsedKeysFollowTheStore(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "")
	blob := enginetest.Must[crypto.EncryptResponse](w, w.Public(), "Encrypt", encryptOf(key.KeyId, []byte("x"))).CiphertextBlob
	w.Change(func(tx *store.Tx) {
		v, _ := w.E.Table.KeyVersions.Get(tx, w.Public().Scope(key.PrimaryKeyVersion))
		v.Material = make([]byte, 32)
		keys.PutVersion(w.E, tx, &v)
	})
	_, err := enginetest.Ask[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob})
	enginetest.RefusedWith(t, "after the material changed", err, "InvalidParameter")
	w.Change(func(tx *store.Tx) {
		k, _ := w.E.Table.Keys.Get(tx, w.Public().Scope(key.KeyId))
		if err := keys.DeleteKey(w.E, tx, &k); err != nil {
			t.Fatal(err)
		}
	})
	_, err = enginetest.Ask[crypto.DecryptResponse](w, w.Public(), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: &blob})
	enginetest.RefusedWith(t, "after the key was deleted", err, "Forbidden.KeyNotFound")
}
