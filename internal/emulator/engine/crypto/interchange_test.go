package crypto_test

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// sampleContext and its additional data are the vendor's published pair.
func sampleContext() core.JSONMap { return core.JSONMap{"this": "is", "encryption": "context"} }

func sampleAAD(t testing.TB) []byte {
	aad, err := crypt.ContextAAD(sampleContext())
	if err != nil {
		t.Fatal(err)
	}
	return aad
}

// sealers make ciphertext through every door, brought to the public layout the way
// the vendor's transfer client does it.
func sealers() map[string]func(w *enginetest.CryptoWorld, keyID string, plaintext []byte) []byte {
	open := func(door func(*enginetest.CryptoWorld) *core.Call) func(*enginetest.CryptoWorld, string, []byte) []byte {
		return func(w *enginetest.CryptoWorld, keyID string, plaintext []byte) []byte {
			out := enginetest.Must[crypto.EncryptResponse](w, door(w), "Encrypt", &crypto.EncryptRequest{KeyId: &keyID, Plaintext: enginetest.Param(string(plaintext)), EncryptionContext: sampleContext()})
			blob, _ := base64.StdEncoding.DecodeString(out.CiphertextBlob)
			return blob
		}
	}
	return map[string]func(*enginetest.CryptoWorld, string, []byte) []byte{
		"public Encrypt":    open((*enginetest.CryptoWorld).Public),
		"dedicated Encrypt": open((*enginetest.CryptoWorld).Dedicated),
		"AdvanceEncrypt": func(w *enginetest.CryptoWorld, keyID string, plaintext []byte) []byte {
			out := enginetest.MustInstance[*dkms.AdvanceEncryptResponse](w, w.Client(), "AdvanceEncrypt", &dkms.AdvanceEncryptRequest{KeyId: keyID, Plaintext: plaintext, Aad: sampleAAD(w)})
			return out.CiphertextBlob[3:]
		},
		"instance Encrypt": func(w *enginetest.CryptoWorld, keyID string, plaintext []byte) []byte {
			c := w.Client()
			out := enginetest.MustInstance[*dkms.EncryptResponse](w, c, "Encrypt", &dkms.EncryptRequest{KeyId: keyID, Plaintext: plaintext, Aad: sampleAAD(w)})
			return append(append([]byte(c.KeyVersionID), out.Iv...), out.CiphertextBlob...)
		},
	}
}

// openers read ciphertext of the public layout through every door.
func openers() map[string]func(w *enginetest.CryptoWorld, keyID string, blob []byte) ([]byte, error) {
	open := func(door func(*enginetest.CryptoWorld) *core.Call) func(*enginetest.CryptoWorld, string, []byte) ([]byte, error) {
		return func(w *enginetest.CryptoWorld, _ string, blob []byte) ([]byte, error) {
			out, err := enginetest.Ask[crypto.DecryptResponse](w, door(w), "Decrypt", &crypto.DecryptRequest{CiphertextBlob: enginetest.Param(core.Base64Text(blob)), EncryptionContext: sampleContext()})
			if err != nil {
				return nil, err
			}
			return []byte(out.Plaintext), nil
		}
	}
	plain := func(op string, keyID func(string) string, header bool) func(*enginetest.CryptoWorld, string, []byte) ([]byte, error) {
		return func(w *enginetest.CryptoWorld, key string, blob []byte) ([]byte, error) {
			c := w.Client()
			if header {
				c.KeyVersionID = string(blob[:36])
			}
			if op == "Decrypt" {
				out, err := enginetest.AskInstance[*dkms.DecryptResponse](w, c, op, &dkms.DecryptRequest{KeyId: keyID(key), CiphertextBlob: blob[48:], Iv: blob[36:48], Aad: sampleAAD(w)})
				return out.GetPlaintext(), err
			}
			out, err := enginetest.AskInstance[*dkms.AdvanceDecryptResponse](w, c, op, &dkms.AdvanceDecryptRequest{KeyId: keyID(key), CiphertextBlob: blob[48:], Iv: blob[36:48], Aad: sampleAAD(w)})
			return out.GetPlaintext(), err
		}
	}
	none := func(string) string { return "" }
	same := func(id string) string { return id }
	return map[string]func(*enginetest.CryptoWorld, string, []byte) ([]byte, error){
		"public Decrypt":    open((*enginetest.CryptoWorld).Public),
		"dedicated Decrypt": open((*enginetest.CryptoWorld).Dedicated),
		"AdvanceDecrypt": func(w *enginetest.CryptoWorld, _ string, blob []byte) ([]byte, error) {
			in := &dkms.AdvanceDecryptRequest{CiphertextBlob: append([]byte{0x24, 0, 2}, blob...), Iv: blob[36:48], Aad: sampleAAD(w)}
			out, err := enginetest.AskInstance[*dkms.AdvanceDecryptResponse](w, w.Client(), "AdvanceDecrypt", in)
			return out.GetPlaintext(), err
		},
		"instance Decrypt by header":         plain("Decrypt", none, true),
		"instance Decrypt by key and header": plain("Decrypt", same, true),
		"AdvanceDecrypt of plain, by header": plain("AdvanceDecrypt", none, true),
	}
}

func TestCiphertextInterchange(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	for _, spec := range []string{"Aliyun_AES_256", "Aliyun_SM4"} {
		key := w.Key(w.Software, spec, "").KeyId
		plaintext := []byte("interchange " + spec)
		blobs := map[string][]byte{}
		seal := func(when string) {
			for name, seal := range sealers() {
				blobs[when+" "+name] = seal(w, key, plaintext)
			}
		}
		seal("first version:")
		enginetest.Must[keys.KeyVersionResponse](w, w.Public(), "CreateKeyVersion", &keys.KeyRequest{KeyId: &key})
		seal("second version:")
		for sealed, blob := range blobs {
			for opened, open := range openers() {
				got, err := open(w, key, blob)
				if err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("%s: %s → %s: %q, %v", spec, sealed, opened, got, err)
				}
			}
		}
	}
}

func TestPlainUsesTheInitialVersionAndAdvanceThePrimary(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "")
	initial := key.PrimaryKeyVersion
	primary := enginetest.Must[keys.KeyVersionResponse](w, w.Public(), "CreateKeyVersion", &keys.KeyRequest{KeyId: &key.KeyId}).KeyVersion.KeyVersionId
	if primary == initial {
		t.Fatal("a new version did not become primary")
	}
	for name, seal := range sealers() {
		want := primary
		if name == "instance Encrypt" {
			want = initial
		}
		if got := string(seal(w, key.KeyId, []byte("x"))[:36]); got != want {
			t.Errorf("%s uses version %s, want %s", name, got, want)
		}
	}
	c := w.Client()
	out := enginetest.MustInstance[*dkms.GenerateDataKeyResponse](w, c, "GenerateDataKey", &dkms.GenerateDataKeyRequest{KeyId: key.KeyId, NumberOfBytes: 32})
	if c.KeyVersionID != initial {
		t.Errorf("GenerateDataKey uses %s, want the initial %s", c.KeyVersionID, initial)
	}
	opened := enginetest.MustInstance[*dkms.DecryptResponse](w, w.Client(), "Decrypt", &dkms.DecryptRequest{KeyId: key.KeyId, CiphertextBlob: out.CiphertextBlob, Iv: out.Iv})
	if !bytes.Equal(opened.Plaintext, out.Plaintext) {
		t.Error("the data key does not come back without a header")
	}
	advance := enginetest.MustInstance[*dkms.AdvanceGenerateDataKeyResponse](w, w.Client(), "AdvanceGenerateDataKey", &dkms.AdvanceGenerateDataKeyRequest{KeyId: key.KeyId, NumberOfBytes: 32})
	if advance.KeyVersionId != primary {
		t.Errorf("AdvanceGenerateDataKey uses %s, want the primary %s", advance.KeyVersionId, primary)
	}
	// Honour the migration header where ciphertext is made, too.
	c = w.Client()
	c.KeyVersionID = primary
	enginetest.MustInstance[*dkms.EncryptResponse](w, c, "Encrypt", &dkms.EncryptRequest{KeyId: key.KeyId, Plaintext: []byte("x")})
	if c.KeyVersionID != primary {
		t.Errorf("Encrypt with a header uses %s, want %s", c.KeyVersionID, primary)
	}
}

// The blob published by the vendor's sources opens through both doors.
func TestPublishedBlobOpens(t *testing.T) {
	const version = "3de371e8-682c-55a8-2e34-7be2e84acf85"
	const blob = "M2RlMzcxZTgtNjgyYy01NWE4LTJlMzQtN2JlMmU4NGFjZjg1MDEyMzQ1Njc4OWFiVlYEADRgsTqzbulppIysyHysIDxGoMxD"
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	material := make([]byte, 32)
	for i := range material {
		material[i] = byte(i)
	}
	w.SetKey(key, func(k *core.Key) { k.Primary, k.Initial, k.Versions = version, version, []string{version} })
	w.Change(func(tx *store.Tx) {
		keys.PutVersion(w.E, tx, &core.KeyVersion{ID: version, KeyID: key, Account: w.E.Opts.Account, Region: w.E.Opts.Region, Material: material})
	})
	data, _ := base64.StdEncoding.DecodeString(blob)
	for name, open := range openers() {
		if got, err := open(w, key, data); err != nil || string(got) != "aGVsbG8=" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestOldCiphertextOutlivesRotations(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	spec, on, every := "Aliyun_AES_256", true, "90d"
	key := enginetest.Must[keys.CreateKeyResponse](w, w.Public(), "CreateKey", &keys.CreateKeyRequest{
		KeySpec: &spec, DKMSInstanceId: &w.Software, EnableAutomaticRotation: &on, RotationInterval: &every,
	}).KeyMetadata.KeyId
	seal, versions := sealers()["public Encrypt"], map[string][]byte{}
	for range 9 {
		blob := seal(w, key, []byte("old"))
		versions[string(blob[:36])] = blob
		if _, err := w.E.Advance(90 * 24 * time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if len(versions) != 9 {
		t.Fatalf("%d versions in 9 periods", len(versions))
	}
	for version, blob := range versions {
		for name, open := range openers() {
			if got, err := open(w, key, blob); err != nil || string(got) != "old" {
				t.Errorf("version %s through %s: %q, %v", version, name, got, err)
			}
		}
	}
}

func TestTamperedCiphertextIsRefused(t *testing.T) {
	w := enginetest.NewCryptoWorld(t)
	key := w.Key(w.Software, "Aliyun_AES_256", "").KeyId
	blob := sealers()["public Encrypt"](w, key, []byte("tamper"))
	for at := range blob {
		bad := bytes.Clone(blob)
		bad[at] ^= 0x81 // out of a version id's alphabet, so that the blob is none
		for name, open := range openers() {
			got, err := open(w, key, bad)
			if err == nil {
				t.Fatalf("%s: byte %d flipped opens to %q", name, at, got)
			}
		}
		_, err := openers()["public Decrypt"](w, key, bad)
		enginetest.RefusedWith(t, "tampered blob", err, "InvalidParameter")
	}
	other := bytes.Clone(blob)
	copy(other, "00000000-0000-4000-8000-000000000000")
	for name, open := range openers() {
		_, err := open(w, key, other)
		enginetest.RefusedWith(t, name+": unknown version", err, "Forbidden.KeyNotFound")
	}
	for n := range len(blob) {
		if _, err := openers()["public Decrypt"](w, key, blob[:n]); err == nil {
			t.Fatalf("%d bytes of a blob open", n)
		}
	}
}
