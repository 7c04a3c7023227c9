package crypto_test

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// hardwareClient is a call through the hardware instance's gateway.
func hardwareClient(w *enginetest.CryptoWorld) *core.Call {
	c := w.Call(core.Instance, w.Hardware)
	c.Principal, c.ClientKey = w.E.Bootstrap().AccessPoint, enginetest.TestClientKey
	return c
}

func TestInstanceModes(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	aes, sm4 := w.Key(w.Hardware, "Aliyun_AES_128", "").KeyId, w.Key(w.Hardware, "Aliyun_SM4", "").KeyId
	block, odd := make([]byte, 32), make([]byte, 33)
	for _, c := range []struct {
		name string
		in   *dkms.EncryptRequest
		iv   int // bytes of the answer's IV
		pad  string
		alg  string
		code string
	}{
		{"default", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd}, 12, "", "AES_GCM", ""},
		{"SM4 default", &dkms.EncryptRequest{KeyId: sm4, Plaintext: odd}, 12, "", "SM4_GCM", ""},
		{"CBC", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Algorithm: "AES_CBC"}, 16, "PKCS7_PADDING", "AES_CBC", ""},
		{"CBC unpadded", &dkms.EncryptRequest{KeyId: aes, Plaintext: block, Algorithm: "AES_CBC", PaddingMode: "NO_PADDING"}, 16, "NO_PADDING", "AES_CBC", ""},
		{"CBC unpadded, odd", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Algorithm: "AES_CBC", PaddingMode: "NO_PADDING"}, 0, "", "", "InvalidParameter"},
		{"ECB", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Algorithm: "AES_ECB"}, 0, "PKCS7_PADDING", "AES_ECB", ""},
		{"ECB unpadded", &dkms.EncryptRequest{KeyId: aes, Plaintext: block, Algorithm: "AES_ECB", PaddingMode: "NO_PADDING", Iv: make([]byte, 5)}, 0, "NO_PADDING", "AES_ECB", ""},
		{"unknown padding", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Algorithm: "AES_CBC", PaddingMode: "ZERO"}, 0, "", "", "InvalidParameter"},
		{"padding without use", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, PaddingMode: "ZERO"}, 12, "", "AES_GCM", ""},
		{"own IV", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Iv: []byte("0123456789ab")}, 12, "", "AES_GCM", ""},
		{"short IV", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Iv: make([]byte, 11)}, 0, "", "", "InvalidParameter"},
		{"long IV", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Iv: make([]byte, 16)}, 0, "", "", "InvalidParameter"},
		{"CBC with a GCM IV", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Algorithm: "AES_CBC", Iv: make([]byte, 12)}, 0, "", "", "InvalidParameter"},
		{"longest AAD", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Aad: make([]byte, 8192)}, 12, "", "AES_GCM", ""},
		{"AAD too long", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Aad: make([]byte, 8193)}, 0, "", "", "InvalidParameter"},
		{"algorithm of another key", &dkms.EncryptRequest{KeyId: aes, Plaintext: odd, Algorithm: "SM4_GCM"}, 0, "", "", "InvalidParameter"},
		{"CBC of SM4", &dkms.EncryptRequest{KeyId: sm4, Plaintext: odd, Algorithm: "SM4_CBC"}, 0, "", "", "InvalidParameter"},
		{"no key", &dkms.EncryptRequest{Plaintext: odd}, 0, "", "", "MissingParameter"},
		{"no plaintext", &dkms.EncryptRequest{KeyId: aes}, 0, "", "", "MissingParameter"},
		{"large", &dkms.EncryptRequest{KeyId: aes, Plaintext: make([]byte, 1<<20)}, 12, "", "AES_GCM", ""},
	} {
		out, err := enginetest.AskInstance[*dkms.EncryptResponse](w, hardwareClient(w), "Encrypt", c.in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.name, err, c.code)
			continue
		}
		if err != nil || len(out.Iv) != c.iv || out.PaddingMode != c.pad || out.Algorithm != c.alg || out.KeyId != c.in.KeyId || out.RequestId != "request" {
			t.Errorf("%s: %v, %v", c.name, out, err)
			continue
		}
		in := &dkms.DecryptRequest{KeyId: out.KeyId, CiphertextBlob: out.CiphertextBlob, Algorithm: out.Algorithm, Aad: c.in.Aad, Iv: out.Iv, PaddingMode: out.PaddingMode}
		opened, err := enginetest.AskInstance[*dkms.DecryptResponse](w, hardwareClient(w), "Decrypt", in)
		if err != nil || !bytes.Equal(opened.Plaintext, c.in.Plaintext) || opened.Algorithm != c.alg {
			t.Errorf("%s decrypts to %v, %v", c.name, opened, err)
		}
		if c.alg == "AES_GCM" {
			in.Aad = append([]byte("x"), in.Aad...)
			if len(in.Aad) > 8192 {
				in.Aad = in.Aad[:8192]
			}
			_, err := enginetest.AskInstance[*dkms.DecryptResponse](w, hardwareClient(w), "Decrypt", in)
			enginetest.RefusedWith(t, c.name+" with other AAD", err, "InvalidParameter")
		}
	}
}

func TestSoftwareInstancesDoGCMOnly(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	for _, alg := range []string{"AES_CBC", "AES_ECB"} {
		_, err := enginetest.AskInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", &dkms.EncryptRequest{KeyId: key, Plaintext: make([]byte, 16), Algorithm: alg})
		enginetest.RefusedWith(t, alg, err, "InvalidParameter")
	}
}

func TestAdvanceIsForSoftwareInstances(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Hardware, "Aliyun_AES_256", "").KeyId
	for name, in := range map[string]proto.Message{
		"AdvanceEncrypt":                             &dkms.AdvanceEncryptRequest{KeyId: key, Plaintext: []byte("x")},
		"AdvanceGenerateDataKey":                     &dkms.AdvanceGenerateDataKeyRequest{KeyId: key, NumberOfBytes: 8},
		"AdvanceGenerateDataKeyPair":                 &dkms.AdvanceGenerateDataKeyPairRequest{KeyId: key, KeyPairSpec: "EC_P256"},
		"AdvanceGenerateDataKeyPairWithoutPlaintext": &dkms.AdvanceGenerateDataKeyPairWithoutPlaintextRequest{KeyId: key, KeyPairSpec: "EC_P256"},
	} {
		_, err := engine.InstanceOperations()[name].Handle(w.E, hardwareClient(w), in)
		enginetest.RefusedWith(t, name, err, "UnsupportedOperation")
	}
}

func TestAdvanceDecryptReadsPlainOutput(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key, other := w.Key(w.Software, "Aliyun_AES_256", "").KeyId, w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	plain := enginetest.MustInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("plain"), Aad: []byte("aad")})
	enginetest.Must[keys.KeyVersionResponse](w, w.Public(), "CreateKeyVersion", &keys.KeyRequest{KeyId: &key})
	advance := enginetest.MustInstance[*dkms.AdvanceEncryptResponse](w, w.Client(), "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: key, Plaintext: []byte("plain"), Aad: []byte("aad")})
	for _, c := range []struct {
		name string
		in   *dkms.AdvanceDecryptRequest
		code string
	}{
		{"blob alone", &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob, Aad: []byte("aad")}, ""},
		{"blob with its key", &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob, Aad: []byte("aad"), KeyId: key, Algorithm: "AES_GCM", Iv: advance.Iv}, ""},
		{"blob with another key", &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob, Aad: []byte("aad"), KeyId: other}, "InvalidParameter"},
		{"blob without its AAD", &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob}, "InvalidParameter"},
		{"plain with all", &dkms.AdvanceDecryptRequest{CiphertextBlob: plain.CiphertextBlob, Aad: []byte("aad"), KeyId: key, Algorithm: "AES_GCM", Iv: plain.Iv}, ""},
		{"plain without key", &dkms.AdvanceDecryptRequest{CiphertextBlob: plain.CiphertextBlob, Aad: []byte("aad"), Iv: plain.Iv}, "MissingParameter"},
		{"plain without IV", &dkms.AdvanceDecryptRequest{CiphertextBlob: plain.CiphertextBlob, Aad: []byte("aad"), KeyId: key}, "InvalidParameter"},
		{"plain under another key", &dkms.AdvanceDecryptRequest{CiphertextBlob: plain.CiphertextBlob, Aad: []byte("aad"), KeyId: other, Iv: plain.Iv}, "InvalidParameter"},
		{"nothing", &dkms.AdvanceDecryptRequest{}, "MissingParameter"},
	} {
		c2 := w.Client()
		out, err := enginetest.AskInstance[*dkms.AdvanceDecryptResponse](w, c2, "AdvanceDecrypt", c.in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.name, err, c.code)
		} else if err != nil || string(out.Plaintext) != "plain" || out.KeyVersionId != c2.KeyVersionID || out.KeyId != key {
			t.Errorf("%s: %v, %v", c.name, out, err)
		}
	}
}

func TestInstanceDataKeys(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	for n, code := range map[int32]string{0: "MissingParameter", -1: "InvalidParameter", 1: "", 1024: "", 1025: "InvalidParameter"} {
		plain, err := enginetest.AskInstance[*dkms.GenerateDataKeyResponse](w, w.Client(), "GenerateDataKey", &dkms.GenerateDataKeyRequest{KeyId: key, NumberOfBytes: n, Aad: []byte("a")})
		advance, err2 := enginetest.AskInstance[*dkms.AdvanceGenerateDataKeyResponse](w, w.Client(), "AdvanceGenerateDataKey", &dkms.AdvanceGenerateDataKeyRequest{KeyId: key, NumberOfBytes: n, Aad: []byte("a")})
		if code != "" {
			enginetest.RefusedWith(t, "data key", err, code)
			enginetest.RefusedWith(t, "advance data key", err2, code)
			continue
		}
		if err != nil || err2 != nil || len(plain.Plaintext) != int(n) || len(advance.Plaintext) != int(n) {
			t.Fatalf("%d bytes: %v, %v", n, err, err2)
		}
		opened := enginetest.MustInstance[*dkms.DecryptResponse](w, w.Client(), "Decrypt", &dkms.DecryptRequest{KeyId: key, CiphertextBlob: plain.CiphertextBlob, Iv: plain.Iv, Aad: []byte("a")})
		if !bytes.Equal(opened.Plaintext, plain.Plaintext) {
			t.Errorf("%d bytes do not come back", n)
		}
		again := enginetest.MustInstance[*dkms.AdvanceDecryptResponse](w, w.Client(), "AdvanceDecrypt", &dkms.AdvanceDecryptRequest{CiphertextBlob: advance.CiphertextBlob, Aad: []byte("a")})
		if !bytes.Equal(again.Plaintext, advance.Plaintext) {
			t.Errorf("%d bytes do not come back from Advance", n)
		}
	}
	_, err := enginetest.AskInstance[*dkms.GenerateDataKeyResponse](w, w.Client(), "GenerateDataKey", &dkms.GenerateDataKeyRequest{KeyId: key, NumberOfBytes: 8, Algorithm: "AES_CBC"})
	enginetest.RefusedWith(t, "CBC", err, "InvalidParameter")
	_, err = enginetest.AskInstance[*dkms.GenerateDataKeyResponse](w, w.Client(), "GenerateDataKey", &dkms.GenerateDataKeyRequest{KeyId: key, NumberOfBytes: 8, Aad: make([]byte, 8193)})
	enginetest.RefusedWith(t, "long AAD", err, "InvalidParameter")
}

func TestInstanceSigningParameters(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "EC_P256", "").KeyId
	digest := make([]byte, 32)
	for _, c := range []struct {
		name string
		in   *dkms.SignRequest
		code string
	}{
		{"raw", &dkms.SignRequest{KeyId: key, Message: []byte("m")}, ""},
		{"raw, named", &dkms.SignRequest{KeyId: key, Message: []byte("m"), MessageType: "RAW", Algorithm: "ECDSA_SHA_256"}, ""},
		{"digest", &dkms.SignRequest{KeyId: key, Message: digest, MessageType: "DIGEST"}, ""},
		{"long digest", &dkms.SignRequest{KeyId: key, Message: append(digest, 0), MessageType: "DIGEST"}, "InvalidParameter"},
		{"short digest", &dkms.SignRequest{KeyId: key, Message: digest[1:], MessageType: "DIGEST"}, "InvalidParameter"},
		{"unknown type", &dkms.SignRequest{KeyId: key, Message: digest, MessageType: "HASH"}, "InvalidParameter"},
		{"unknown algorithm", &dkms.SignRequest{KeyId: key, Message: digest, Algorithm: "RSA_PSS_SHA_256"}, "InvalidParameter"},
		{"no message", &dkms.SignRequest{KeyId: key}, "MissingParameter"},
		{"no key", &dkms.SignRequest{Message: digest}, "MissingParameter"},
	} {
		_, err := enginetest.AskInstance[*dkms.SignResponse](w, w.Client(), "Sign", c.in)
		if c.code != "" {
			enginetest.RefusedWith(t, c.name, err, c.code)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	_, err := enginetest.AskInstance[*dkms.VerifyResponse](w, w.Client(), "Verify", &dkms.VerifyRequest{KeyId: key, Message: digest})
	enginetest.RefusedWith(t, "verify nothing", err, "MissingParameter")
}

func TestGenerateRandom(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	seen := map[string]bool{}
	for n, code := range map[int32]string{0: "MissingParameter", -5: "InvalidParameter", 8: "", 64: "", 65: "InvalidParameter"} {
		out, err := enginetest.AskInstance[*dkms.GenerateRandomResponse](w, w.Client(), "GenerateRandom", &dkms.GenerateRandomRequest{Length: n})
		if code != "" {
			enginetest.RefusedWith(t, "length", err, code)
		} else if err != nil || len(out.Random) != int(n) || seen[string(out.Random)] {
			t.Errorf("%d bytes: %v, %v", n, out, err)
		}
		seen[string(out.GetRandom())] = true
	}
}

// The answer's migration header names the version that took part, never what the
// request's header said.
func TestAnswersNameTheVersionThatTookPart(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "")
	other := w.Key(w.Software, "Aliyun_AES_256", "").PrimaryKeyVersion
	for name, c := range map[string]struct {
		in   proto.Message
		want string
	}{
		"AdvanceEncrypt":         {&dkms.AdvanceEncryptRequest{KeyId: key.KeyId, Plaintext: []byte("x")}, key.PrimaryKeyVersion},
		"AdvanceGenerateDataKey": {&dkms.AdvanceGenerateDataKeyRequest{KeyId: key.KeyId, NumberOfBytes: 8}, key.PrimaryKeyVersion},
		"GenerateRandom":         {&dkms.GenerateRandomRequest{Length: 8}, ""},
	} {
		call := w.Client()
		call.KeyVersionID = other
		if _, err := engine.InstanceOperations()[name].Handle(w.E, call, c.in); err != nil || call.KeyVersionID != c.want {
			t.Errorf("%s names version %q, want %q (%v)", name, call.KeyVersionID, c.want, err)
		}
	}
	call := w.Client()
	call.KeyVersionID = other
	_, err := enginetest.AskInstance[*dkms.EncryptResponse](w, call, "Encrypt", &dkms.EncryptRequest{KeyId: key.KeyId, Plaintext: []byte("x")})
	enginetest.RefusedWith(t, "a header with another key's version", err, "Forbidden.KeyNotFound")
}

func TestInstanceRefusalsHaveTheInstancesWords(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	for _, c := range []struct {
		in            *dkms.EncryptRequest
		status        int
		code, message string
	}{
		{&dkms.EncryptRequest{KeyId: "key-none", Plaintext: []byte("x")}, 404, "Forbidden.KeyNotFound", "The specified key does not exist in the key store."},
		{&dkms.EncryptRequest{KeyId: "alias/none", Plaintext: []byte("x")}, 404, "Forbidden.KeyNotFound", "The specified key does not exist in the key store."},
		{&dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x"), Iv: []byte("x")}, 400, "InvalidParameter", "The specified parameter is not valid."},
		{&dkms.EncryptRequest{Plaintext: []byte("x")}, 400, "MissingParameter", "Parameter KeyId does not exist in http header or body."},
	} {
		_, err := enginetest.AskInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", c.in)
		var refusal *core.Error
		if !errors.As(err, &refusal) || *refusal != (core.Error{Status: c.status, Code: c.code, Message: c.message}) {
			t.Errorf("%v: %v", c.in.KeyId, err)
		}
	}
	sign := w.Key(w.Software, "EC_P256", "").KeyId
	_, err := enginetest.AskInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", &dkms.EncryptRequest{KeyId: sign, Plaintext: []byte("x")})
	var refusal *core.Error
	if !errors.As(err, &refusal) || refusal.Message != "Rejected.UnsupportedOperation" {
		t.Errorf("encrypt with a signing key: %v", err)
	}
}

func TestAccessPointNeedsPermission(t *testing.T) {
	w := enginetest.NewCryptoWorld(t, func(o *core.Options) { o.Strict = true })
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	in := &dkms.EncryptRequest{KeyId: key, Plaintext: []byte("x")}
	if _, err := enginetest.AskInstance[*dkms.EncryptResponse](w, w.Client(), "Encrypt", in); err != nil {
		t.Fatal(err)
	}
	c := w.Client()
	c.ClientKey = "KAAP.stranger"
	_, err := enginetest.AskInstance[*dkms.EncryptResponse](w, c, "Encrypt", in)
	enginetest.RefusedWith(t, "an access point without a policy", err, "Forbidden.NoPermission")
}

func TestInstanceAcceptsAliases(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	enginetest.Must[core.Empty](w, w.Public(), "CreateAlias", &keys.AliasRequest{AliasName: enginetest.Param("alias/app"), KeyId: &key})
	out := enginetest.MustInstance[*dkms.AdvanceEncryptResponse](w, w.Client(), "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: "alias/app", Plaintext: []byte("x")})
	if out.KeyId != key {
		t.Errorf("answers %q, want the real id", out.KeyId)
	}
}
