package keys_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/enginetest"
)

var (
	goodMaterial  = strings.Repeat("g", 32)
	otherMaterial = strings.Repeat("o", 32)
)

// wrappedFor wraps material for a key, as a client would.
func wrappedFor(w *enginetest.World, id, material string) (token, wrapped string) {
	w.Helper()
	return wrappedBy(w, id, "RSA_2048", "RSAES_OAEP_SHA_256", material)
}

func wrappedBy(w *enginetest.World, id, spec, algorithm, material string) (token, wrapped string) {
	w.Helper()
	p := w.Do("GetParametersForImport", enginetest.Fields{"KeyId": id, "WrappingKeySpec": spec, "WrappingAlgorithm": algorithm})
	der, err := base64.StdEncoding.DecodeString(p["PublicKey"].(string))
	if err != nil {
		w.Fatal(err)
	}
	sealed, err := wrap(der, spec, algorithm, []byte(material))
	if err != nil {
		w.Fatal(err)
	}
	return p["ImportToken"].(string), base64.StdEncoding.EncodeToString(sealed)
}

func wrap(der []byte, spec, algorithm string, material []byte) ([]byte, error) {
	if spec == "EC_SM2" {
		return crypt.Wrap(rand.Reader, spec, crypt.SM2PKE, der, material)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	public := parsed.(*rsa.PublicKey)
	switch algorithm {
	case "RSAES_PKCS1_V1_5":
		//lint:ignore SA1019 the service offers this padding
		return rsa.EncryptPKCS1v15(rand.Reader, public, material)
	case "RSAES_OAEP_SHA_1":
		return rsa.EncryptOAEP(sha1.New(), rand.Reader, public, material, nil)
	default:
		return rsa.EncryptOAEP(sha256.New(), rand.Reader, public, material, nil)
	}
}

func externalKey(w *enginetest.World) string {
	w.Helper()
	return w.Key(enginetest.Fields{"Origin": "EXTERNAL"})
}

func bring(w *enginetest.World, id, material string) {
	w.Helper()
	token, wrapped := wrappedFor(w, id, material)
	w.Do("ImportKeyMaterial", enginetest.Fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped})
}

// Imported material is the material that encrypts: what was encrypted with it
// opens after it was deleted and brought again, by any wrapping.
func TestImportedMaterialComesBack(t *testing.T) {
	for _, how := range [][2]string{
		{"RSA_2048", "RSAES_PKCS1_V1_5"}, {"RSA_2048", "RSAES_OAEP_SHA_1"}, {"RSA_2048", "RSAES_OAEP_SHA_256"}, {"EC_SM2", "SM2PKE"},
	} {
		t.Run(how[1], func(t *testing.T) {
			w := enginetest.NewWorld(t)
			id := w.Key(enginetest.Fields{"Origin": "EXTERNAL", "ProtectionLevel": "HSM"})
			bring(w, id, goodMaterial)
			blob := w.Do("Encrypt", enginetest.Fields{"KeyId": id, "Plaintext": enginetest.Base64Of("hello")})["CiphertextBlob"]
			w.Do("DeleteKeyMaterial", enginetest.Fields{"KeyId": id})
			w.Refused("Rejected.PendingImport", 409, "Decrypt", enginetest.Fields{"CiphertextBlob": blob})
			token, wrapped := wrappedBy(w, id, how[0], how[1], goodMaterial)
			w.Do("ImportKeyMaterial", enginetest.Fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped})
			if got := w.Do("Decrypt", enginetest.Fields{"CiphertextBlob": blob})["Plaintext"]; got != enginetest.Base64Of("hello") {
				t.Errorf("Plaintext = %v", got)
			}
		})
	}
}

func TestImportRefusals(t *testing.T) {
	w := enginetest.NewWorld(t).WithHardware()
	id, other := externalKey(w), externalKey(w)
	token, wrapped := wrappedFor(w, id, goodMaterial)
	_, short := wrappedFor(w, id, "short")
	in := func(change enginetest.Fields) enginetest.Fields {
		all := enginetest.Fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped}
		for k, v := range change {
			all[k] = v
		}
		return all
	}
	w.Refused("MissingParameter", 400, "ImportKeyMaterial", enginetest.Fields{"KeyId": id, "ImportToken": token})
	w.Refused("InvalidImportToken", 400, "ImportKeyMaterial", in(enginetest.Fields{"ImportToken": "AAAA"}))
	w.Refused("InvalidImportToken", 400, "ImportKeyMaterial", in(enginetest.Fields{"KeyId": other}))
	w.Refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(enginetest.Fields{"EncryptedKeyMaterial": "not base64"}))
	w.Refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(enginetest.Fields{"EncryptedKeyMaterial": enginetest.Base64Of(strings.Repeat("x", 256))}))
	w.Refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(enginetest.Fields{"EncryptedKeyMaterial": short}))
	w.Refused("InvalidParameter", 400, "ImportKeyMaterial", in(enginetest.Fields{"KeyMaterialExpireUnix": enginetest.Began.Unix()}))
	w.Refused("Forbidden.KeyNotFound", 404, "ImportKeyMaterial", in(enginetest.Fields{"KeyId": "none"}))

	own := w.InstanceKey(nil)
	ask := func(id, spec, algorithm string) enginetest.Fields {
		return enginetest.Fields{"KeyId": id, "WrappingKeySpec": spec, "WrappingAlgorithm": algorithm}
	}
	w.Refused("Unsupported.Origin", 400, "GetParametersForImport", ask(own, "RSA_2048", "RSAES_OAEP_SHA_256"))
	w.Refused("Unsupported.Origin", 400, "DeleteKeyMaterial", enginetest.Fields{"KeyId": own})
	w.Refused("Unsupported.Origin", 400, "ImportKeyMaterial", in(enginetest.Fields{"KeyId": own}))
	w.Refused("InvalidParameter", 400, "GetParametersForImport", ask(id, "RSA_4096", "RSAES_OAEP_SHA_256"))
	w.Refused("InvalidParameter", 400, "GetParametersForImport", ask(id, "RSA_2048", "SM2PKE"))
	w.Refused("Unsupported.ProtectionLevel", 400, "GetParametersForImport", ask(id, "EC_SM2", "SM2PKE"))
	inHardware := w.Key(enginetest.Fields{"Origin": "EXTERNAL", "DKMSInstanceId": enginetest.Hardware})
	w.Refused("InvalidParameter", 400, "GetParametersForImport", ask(inHardware, "RSA_2048", "RSAES_OAEP_SHA_1"))

	w.Do("ImportKeyMaterial", in(nil))
	w.Do("ImportKeyMaterial", in(nil)) // the token is good for more than one import
	token2, wrapped2 := wrappedFor(w, id, otherMaterial)
	w.Refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(enginetest.Fields{"ImportToken": token2, "EncryptedKeyMaterial": wrapped2}))
}

func TestImportTokenExpiresAfterADay(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := externalKey(w)
	token, wrapped := wrappedFor(w, id, goodMaterial)
	in := enginetest.Fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped}
	if fired := w.Advance(24*time.Hour - time.Second); len(fired) != 0 {
		t.Errorf("fired %v", fired)
	}
	w.Do("ImportKeyMaterial", in)
	if fired := w.Advance(time.Second); len(fired) != 1 || fired[0].Event != "import token expired" {
		t.Errorf("fired %v", fired)
	}
	w.Refused("ExpiredImportToken", 400, "ImportKeyMaterial", in)
}

func TestImportedMaterialExpires(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := externalKey(w)
	token, wrapped := wrappedFor(w, id, goodMaterial)
	at := enginetest.Began.Add(time.Hour)
	w.Do("ImportKeyMaterial", enginetest.Fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped, "KeyMaterialExpireUnix": at.Unix()})
	if got := w.Metadata(id)["MaterialExpireTime"]; got != "2026-01-31T11:00:00Z" {
		t.Errorf("MaterialExpireTime = %v", got)
	}
	w.Advance(time.Hour - time.Second)
	if got := w.Metadata(id)["KeyState"]; got != "Enabled" {
		t.Errorf("a second before: %v", got)
	}
	fired := w.Advance(time.Second)
	if len(fired) != 1 || fired[0].Event != "key material expired" || !fired[0].At.Equal(at) {
		t.Errorf("fired %v", fired)
	}
	if m := w.Metadata(id); m["KeyState"] != "PendingImport" || m["MaterialExpireTime"] != "" {
		t.Errorf("after: %v", m)
	}
}

// A key that waits for deletion keeps its state and date when its material goes,
// and waits for import when it is rescued.
func TestMaterialOfADyingKeyExpires(t *testing.T) {
	w := enginetest.NewWorld(t)
	id := externalKey(w)
	bring(w, id, goodMaterial)
	w.Do("ScheduleKeyDeletion", enginetest.Fields{"KeyId": id, "PendingWindowInDays": 7})
	before := w.Metadata(id)["DeleteDate"]
	w.Do("DeleteKeyMaterial", enginetest.Fields{"KeyId": id})
	if m := w.Metadata(id); m["KeyState"] != "PendingDeletion" || m["DeleteDate"] != before {
		t.Errorf("after DeleteKeyMaterial: %v", m)
	}
	w.Do("CancelKeyDeletion", enginetest.Fields{"KeyId": id})
	if got := w.Metadata(id)["KeyState"]; got != "PendingImport" {
		t.Errorf("after CancelKeyDeletion: %v", got)
	}
}
