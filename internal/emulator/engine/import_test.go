package engine_test

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
)

var (
	goodMaterial  = strings.Repeat("g", 32)
	otherMaterial = strings.Repeat("o", 32)
)

// wrappedFor wraps material for a key, as a client would.
func wrappedFor(w *world, id, material string) (token, wrapped string) {
	w.Helper()
	return wrappedBy(w, id, "RSA_2048", "RSAES_OAEP_SHA_256", material)
}

func wrappedBy(w *world, id, spec, algorithm, material string) (token, wrapped string) {
	w.Helper()
	p := w.do("GetParametersForImport", fields{"KeyId": id, "WrappingKeySpec": spec, "WrappingAlgorithm": algorithm})
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

func externalKey(w *world) string {
	w.Helper()
	return w.key(fields{"Origin": "EXTERNAL"})
}

func bring(w *world, id, material string) {
	w.Helper()
	token, wrapped := wrappedFor(w, id, material)
	w.do("ImportKeyMaterial", fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped})
}

// Imported material is the material that encrypts: what was encrypted with it
// opens after it was deleted and brought again, by any wrapping.
func TestImportedMaterialComesBack(t *testing.T) {
	for _, how := range [][2]string{
		{"RSA_2048", "RSAES_PKCS1_V1_5"}, {"RSA_2048", "RSAES_OAEP_SHA_1"}, {"RSA_2048", "RSAES_OAEP_SHA_256"}, {"EC_SM2", "SM2PKE"},
	} {
		t.Run(how[1], func(t *testing.T) {
			w := newWorld(t)
			id := w.key(fields{"Origin": "EXTERNAL", "ProtectionLevel": "HSM"})
			bring(w, id, goodMaterial)
			blob := w.do("Encrypt", fields{"KeyId": id, "Plaintext": base64Of("hello")})["CiphertextBlob"]
			w.do("DeleteKeyMaterial", fields{"KeyId": id})
			w.refused("Rejected.PendingImport", 409, "Decrypt", fields{"CiphertextBlob": blob})
			token, wrapped := wrappedBy(w, id, how[0], how[1], goodMaterial)
			w.do("ImportKeyMaterial", fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped})
			if got := w.do("Decrypt", fields{"CiphertextBlob": blob})["Plaintext"]; got != base64Of("hello") {
				t.Errorf("Plaintext = %v", got)
			}
		})
	}
}

func TestImportRefusals(t *testing.T) {
	w := newWorld(t).withHardware()
	id, other := externalKey(w), externalKey(w)
	token, wrapped := wrappedFor(w, id, goodMaterial)
	_, short := wrappedFor(w, id, "short")
	in := func(change fields) fields {
		all := fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped}
		for k, v := range change {
			all[k] = v
		}
		return all
	}
	w.refused("MissingParameter", 400, "ImportKeyMaterial", fields{"KeyId": id, "ImportToken": token})
	w.refused("InvalidImportToken", 400, "ImportKeyMaterial", in(fields{"ImportToken": "AAAA"}))
	w.refused("InvalidImportToken", 400, "ImportKeyMaterial", in(fields{"KeyId": other}))
	w.refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(fields{"EncryptedKeyMaterial": "not base64"}))
	w.refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(fields{"EncryptedKeyMaterial": base64Of(strings.Repeat("x", 256))}))
	w.refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(fields{"EncryptedKeyMaterial": short}))
	w.refused("InvalidParameter", 400, "ImportKeyMaterial", in(fields{"KeyMaterialExpireUnix": began.Unix()}))
	w.refused("Forbidden.KeyNotFound", 404, "ImportKeyMaterial", in(fields{"KeyId": "none"}))

	own := w.instanceKey(nil)
	ask := func(id, spec, algorithm string) fields {
		return fields{"KeyId": id, "WrappingKeySpec": spec, "WrappingAlgorithm": algorithm}
	}
	w.refused("Unsupported.Origin", 400, "GetParametersForImport", ask(own, "RSA_2048", "RSAES_OAEP_SHA_256"))
	w.refused("Unsupported.Origin", 400, "DeleteKeyMaterial", fields{"KeyId": own})
	w.refused("Unsupported.Origin", 400, "ImportKeyMaterial", in(fields{"KeyId": own}))
	w.refused("InvalidParameter", 400, "GetParametersForImport", ask(id, "RSA_4096", "RSAES_OAEP_SHA_256"))
	w.refused("InvalidParameter", 400, "GetParametersForImport", ask(id, "RSA_2048", "SM2PKE"))
	w.refused("Unsupported.ProtectionLevel", 400, "GetParametersForImport", ask(id, "EC_SM2", "SM2PKE"))
	inHardware := w.key(fields{"Origin": "EXTERNAL", "DKMSInstanceId": hardware})
	w.refused("InvalidParameter", 400, "GetParametersForImport", ask(inHardware, "RSA_2048", "RSAES_OAEP_SHA_1"))

	w.do("ImportKeyMaterial", in(nil))
	w.do("ImportKeyMaterial", in(nil)) // the token is good for more than one import
	token2, wrapped2 := wrappedFor(w, id, otherMaterial)
	w.refused("InvalidKeyMaterial", 400, "ImportKeyMaterial", in(fields{"ImportToken": token2, "EncryptedKeyMaterial": wrapped2}))
}

func TestImportTokenExpiresAfterADay(t *testing.T) {
	w := newWorld(t)
	id := externalKey(w)
	token, wrapped := wrappedFor(w, id, goodMaterial)
	in := fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped}
	if fired := w.advance(24*time.Hour - time.Second); len(fired) != 0 {
		t.Errorf("fired %v", fired)
	}
	w.do("ImportKeyMaterial", in)
	if fired := w.advance(time.Second); len(fired) != 1 || fired[0].Event != "import token expired" {
		t.Errorf("fired %v", fired)
	}
	w.refused("ExpiredImportToken", 400, "ImportKeyMaterial", in)
}

func TestImportedMaterialExpires(t *testing.T) {
	w := newWorld(t)
	id := externalKey(w)
	token, wrapped := wrappedFor(w, id, goodMaterial)
	at := began.Add(time.Hour)
	w.do("ImportKeyMaterial", fields{"KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": wrapped, "KeyMaterialExpireUnix": at.Unix()})
	if got := w.metadata(id)["MaterialExpireTime"]; got != "2026-01-31T11:00:00Z" {
		t.Errorf("MaterialExpireTime = %v", got)
	}
	w.advance(time.Hour - time.Second)
	if got := w.metadata(id)["KeyState"]; got != "Enabled" {
		t.Errorf("a second before: %v", got)
	}
	fired := w.advance(time.Second)
	if len(fired) != 1 || fired[0].Event != "key material expired" || !fired[0].At.Equal(at) {
		t.Errorf("fired %v", fired)
	}
	if m := w.metadata(id); m["KeyState"] != "PendingImport" || m["MaterialExpireTime"] != "" {
		t.Errorf("after: %v", m)
	}
}

// A key that waits for deletion keeps its state and date when its material goes,
// and waits for import when it is rescued.
func TestMaterialOfADyingKeyExpires(t *testing.T) {
	w := newWorld(t)
	id := externalKey(w)
	bring(w, id, goodMaterial)
	w.do("ScheduleKeyDeletion", fields{"KeyId": id, "PendingWindowInDays": 7})
	before := w.metadata(id)["DeleteDate"]
	w.do("DeleteKeyMaterial", fields{"KeyId": id})
	if m := w.metadata(id); m["KeyState"] != "PendingDeletion" || m["DeleteDate"] != before {
		t.Errorf("after DeleteKeyMaterial: %v", m)
	}
	w.do("CancelKeyDeletion", fields{"KeyId": id})
	if got := w.metadata(id)["KeyState"]; got != "PendingImport" {
		t.Errorf("after CancelKeyDeletion: %v", got)
	}
}
