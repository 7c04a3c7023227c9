package crypt

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/c2sp/wycheproof"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// hexBytes decodes the hexadecimal strings of Wycheproof files.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) error {
	out, err := hex.DecodeString(string(text))
	*b = out
	return err
}

type vectorGroup struct {
	IVSize          int
	KeySize         int
	TagSize         int
	PublicKeyDer    hexBytes
	PrivateKeyPkcs8 hexBytes
	Tests           []vector
}

type vector struct {
	TcID                                           int
	Key, IV, AAD, Msg, Ct, Tag, Sig, Label, Shared hexBytes
	Flags                                          []string
	Result                                         string
}

// eachVector runs fn on every vector of a Wycheproof file and fails when there are none.
func eachVector(t *testing.T, file string, fn func(*testing.T, vectorGroup, vector)) {
	t.Helper()
	f, err := wycheproof.TestVectors.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var suite struct{ TestGroups []vectorGroup }
	if err := json.NewDecoder(f).Decode(&suite); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range suite.TestGroups {
		for _, v := range g.Tests {
			n++
			fn(t, g, v)
		}
	}
	if n == 0 {
		t.Fatalf("%s holds no vectors", file)
	}
}

// agrees fails when the outcome is not what the vector demands; "acceptable"
// vectors may go either way.
func agrees(t *testing.T, v vector, ok bool) {
	t.Helper()
	if v.Result == "valid" && !ok || v.Result == "invalid" && ok {
		t.Errorf("vector %d is %s, got accepted=%v (%v)", v.TcID, v.Result, ok, v.Flags)
	}
}

func TestGCMVectors(t *testing.T) {
	specs := map[int]string{128: "Aliyun_AES_128", 192: "Aliyun_AES_192", 256: "Aliyun_AES_256"}
	for file, sm4 := range map[string]bool{"aes_gcm_test.json": false, "sm4_gcm_test.json": true} {
		eachVector(t, file, func(t *testing.T, g vectorGroup, v vector) {
			spec, alg := specs[g.KeySize], AESGCM
			if sm4 {
				spec, alg = "Aliyun_SM4", SM4GCM
			}
			if g.IVSize != 96 || g.TagSize != 128 {
				return // not a size the service uses
			}
			key, err := Parse(spec, v.Key)
			if err != nil {
				t.Fatal(err)
			}
			p := Params{IV: v.IV, AAD: v.AAD}
			sealed := append(append([]byte{}, v.Ct...), v.Tag...)
			plain, err := key.Decrypt(alg, sealed, p)
			agrees(t, v, err == nil && string(plain) == string(v.Msg))
			if v.Result != "valid" {
				return
			}
			if got, err := key.Encrypt(nil, alg, v.Msg, p); err != nil || string(got) != string(sealed) {
				t.Errorf("%s vector %d: encrypts to something else (%v)", file, v.TcID, err)
			}
		})
	}
}

func TestCBCVectors(t *testing.T) {
	specs := map[int]string{128: "Aliyun_AES_128", 192: "Aliyun_AES_192", 256: "Aliyun_AES_256"}
	eachVector(t, "aes_cbc_pkcs5_test.json", func(t *testing.T, g vectorGroup, v vector) {
		key, err := Parse(specs[g.KeySize], v.Key)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := key.Decrypt(AESCBC, v.Ct, Params{IV: v.IV})
		agrees(t, v, err == nil && string(plain) == string(v.Msg))
		if v.Result != "valid" {
			return
		}
		if got, err := key.Encrypt(nil, AESCBC, v.Msg, Params{IV: v.IV}); err != nil || string(got) != string(v.Ct) {
			t.Errorf("vector %d: encrypts to something else (%v)", v.TcID, err)
		}
	})
}

func TestOAEPVectors(t *testing.T) {
	for file, c := range map[string]struct {
		spec string
		alg  Algorithm
	}{
		"rsa_oaep_2048_sha256_mgf1sha256_test.json": {"RSA_2048", OAEPSHA2},
		"rsa_oaep_2048_sha1_mgf1sha1_test.json":     {"RSA_2048", OAEPSHA1},
		"rsa_oaep_3072_sha256_mgf1sha256_test.json": {"RSA_3072", OAEPSHA2},
		"rsa_oaep_4096_sha256_mgf1sha256_test.json": {"RSA_4096", OAEPSHA2},
	} {
		eachVector(t, file, func(t *testing.T, g vectorGroup, v vector) {
			if len(v.Label) > 0 {
				return // the service has no labels
			}
			key, err := Parse(c.spec, g.PrivateKeyPkcs8)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := key.Decrypt(c.alg, v.Ct, Params{})
			agrees(t, v, err == nil && string(plain) == string(v.Msg))
		})
	}
}

func TestRSASignatureVectors(t *testing.T) {
	for file, alg := range map[string]Algorithm{
		"rsa_signature_2048_sha256_test.json":       RSAPKCS1,
		"rsa_signature_3072_sha256_test.json":       RSAPKCS1,
		"rsa_signature_4096_sha256_test.json":       RSAPKCS1,
		"rsa_pss_2048_sha256_mgf1_32_test.json":     RSAPSS,
		"rsa_pss_3072_sha256_mgf1_32_test.json":     RSAPSS,
		"rsa_pss_4096_sha256_mgf1_32_test.json":     RSAPSS,
		"rsa_pss_2048_sha256_mgf1_0_test.json":      RSAPSS, // other salt lengths are refused
		"rsa_pss_2048_sha256_mgf1sha1_20_test.json": RSAPSS,
	} {
		otherParameters := file == "rsa_pss_2048_sha256_mgf1_0_test.json" || file == "rsa_pss_2048_sha256_mgf1sha1_20_test.json"
		eachVector(t, file, func(t *testing.T, g vectorGroup, v vector) {
			public, err := x509.ParsePKIXPublicKey(g.PublicKeyDer)
			if err != nil {
				t.Fatal(err)
			}
			key := &rsaKey{private: &rsa.PrivateKey{PublicKey: *public.(*rsa.PublicKey)}}
			digest := sha256.Sum256(v.Msg)
			ok, err := key.Verify(alg, digest[:], v.Sig)
			if err != nil {
				t.Fatal(err)
			}
			if otherParameters && v.Result == "invalid" {
				return // may be invalid because its parameters are ours
			}
			if otherParameters {
				v.Result = "invalid"
			}
			if agrees(t, v, ok); t.Failed() {
				t.Fatalf("in %s", file)
			}
		})
	}
}

func TestECDSAVectors(t *testing.T) {
	eachVector(t, "ecdsa_secp256r1_sha256_test.json", func(t *testing.T, g vectorGroup, v vector) {
		public, err := x509.ParsePKIXPublicKey(g.PublicKeyDer)
		if err != nil {
			t.Fatal(err)
		}
		key := &p256Key{private: &ecdsa.PrivateKey{PublicKey: *public.(*ecdsa.PublicKey)}}
		digest := sha256.Sum256(v.Msg)
		ok, _ := key.Verify(ECDSA, digest[:], v.Sig)
		agrees(t, v, ok)
	})
	eachVector(t, "ecdsa_secp256k1_sha256_test.json", func(t *testing.T, g vectorGroup, v vector) {
		digest := sha256.Sum256(v.Msg)
		agrees(t, v, verifyP256K(publicP256K(t, g.PublicKeyDer), digest[:], v.Sig))
	})
}

// publicP256K reads a PKIX public key of secp256k1.
func publicP256K(t *testing.T, der []byte) *secp256k1.PublicKey {
	t.Helper()
	var outer spki
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		t.Fatal(err)
	}
	public, err := secp256k1.ParsePubKey(outer.PublicKey.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func TestHMACVectors(t *testing.T) {
	for file, spec := range map[string]string{
		"hmac_sha224_test.json": "HMAC_SHA224", "hmac_sha256_test.json": "HMAC_SHA256",
		"hmac_sha384_test.json": "HMAC_SHA384", "hmac_sha512_test.json": "HMAC_SHA512", "hmac_sm3_test.json": "HMAC_SM3",
	} {
		eachVector(t, file, func(t *testing.T, g vectorGroup, v vector) {
			s, _ := SpecOf(spec)
			key, err := Parse(spec, v.Key)
			if err != nil {
				return // longer than a block
			}
			tag, err := key.Sign(nil, s.Signature[0], v.Msg)
			if err != nil {
				t.Fatal(err)
			}
			agrees(t, v, string(tag[:g.TagSize/8]) == string(v.Tag))
		})
	}
}
