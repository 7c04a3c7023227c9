package crypt

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	randv2 "math/rand/v2"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/sm2"
)

// keysOnce makes one key of each specification for the whole package: RSA keys are slow.
var keysOnce = sync.OnceValue(func() map[string]Key {
	keys := map[string]Key{}
	for _, name := range SpecNames() {
		material, err := Generate(rand.Reader, name)
		if err != nil {
			panic(err)
		}
		if keys[name], err = Parse(name, material); err != nil {
			panic(err)
		}
	}
	return keys
})

func TestEverySpecAndAlgorithmRoundTrips(t *testing.T) {
	for _, name := range SpecNames() {
		spec, _ := SpecOf(name)
		key := keysOnce()[name]
		for _, alg := range spec.Encryption {
			t.Run(name+"/"+string(alg), func(t *testing.T) { roundTrip(t, key, alg) })
		}
		for _, alg := range spec.Signature {
			t.Run(name+"/"+string(alg), func(t *testing.T) { signatureHolds(t, key, alg) })
		}
	}
}

func roundTrip(t *testing.T, key Key, alg Algorithm) {
	plain := []byte("sixteen bytes ok")
	p := Params{IV: bytes.Repeat([]byte{7}, alg.IVSize())}
	if alg.Authenticated() {
		p.AAD = []byte("context")
	}
	sealed, err := key.Encrypt(rand.Reader, alg, plain, p)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Decrypt(alg, sealed, p); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("decrypts to %q, %v", got, err)
	}
	step := 1 + len(sealed)/128*31 // an RSA ciphertext has one class of bytes and is slow to open
	for at := 0; at < len(sealed); at += step {
		bad := bytes.Clone(sealed)
		bad[at] ^= 1
		if got, err := key.Decrypt(alg, bad, p); err == nil && bytes.Equal(got, plain) {
			t.Fatalf("byte %d of the ciphertext does not count", at)
		} else if err == nil && !alg.Padded() {
			t.Fatalf("byte %d flipped is accepted", at)
		} else if err != nil && !errors.Is(err, ErrDecrypt) {
			t.Fatalf("byte %d flipped: %v, want ErrDecrypt", at, err)
		}
	}
	for n := 0; n < len(sealed); n += step {
		if got, err := key.Decrypt(alg, sealed[:n], p); err == nil && bytes.Equal(got, plain) {
			t.Fatalf("truncated to %d bytes it still opens", n)
		}
	}
	if !alg.Authenticated() {
		return
	}
	for name, other := range map[string]Params{
		"other context": {IV: p.IV, AAD: []byte("contexT")},
		"no context":    {IV: p.IV},
		"other IV":      {IV: bytes.Repeat([]byte{8}, alg.IVSize()), AAD: p.AAD},
	} {
		if _, err := key.Decrypt(alg, sealed, other); !errors.Is(err, ErrDecrypt) {
			t.Errorf("%s: %v, want ErrDecrypt", name, err)
		}
	}
}

func signatureHolds(t *testing.T, key Key, alg Algorithm) {
	digest, err := key.Digest(alg, []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign(rand.Reader, alg, digest)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := key.Verify(alg, digest, sig); !ok || err != nil {
		t.Fatalf("own signature: %v, %v", ok, err)
	}
	for at := range sig {
		bad := bytes.Clone(sig)
		bad[at] ^= 1
		if ok, err := key.Verify(alg, digest, bad); ok || err != nil {
			t.Fatalf("byte %d of the signature flipped: %v, %v", at, ok, err)
		}
	}
	for at := range digest {
		bad := bytes.Clone(digest)
		bad[at] ^= 1
		if ok, _ := key.Verify(alg, bad, sig); ok {
			t.Fatalf("byte %d of the digest does not count", at)
		}
	}
	for _, malformed := range [][]byte{nil, {}, {0x30}, sig[:len(sig)-1], append(bytes.Clone(sig), 0)} {
		if ok, err := key.Verify(alg, digest, malformed); ok || err != nil {
			t.Errorf("malformed signature %x: %v, %v", malformed, ok, err)
		}
	}
}

func TestPlaintextLimits(t *testing.T) {
	// KMS: AsymmetricEncrypt, maximum number of bytes that can be encrypted.
	for _, c := range []struct {
		spec string
		alg  Algorithm
		max  int
		size int // ciphertext bytes at the maximum
	}{
		{"RSA_2048", OAEPSHA2, 190, 256}, {"RSA_2048", OAEPSHA1, 214, 256},
		{"RSA_3072", OAEPSHA2, 318, 384}, {"RSA_3072", OAEPSHA1, 342, 384},
		{"RSA_4096", OAEPSHA2, 446, 512}, {"RSA_4096", OAEPSHA1, 470, 512},
		{"EC_SM2", SM2PKE, 6047, 6144}, {"EC_P256", ECIESSHA1, 6059, 6144}, {"EC_P256K", ECIESSHA1, 6059, 6144},
	} {
		key := keysOnce()[c.spec]
		sealed, err := key.Encrypt(rand.Reader, c.alg, make([]byte, c.max), Params{})
		if err != nil || len(sealed) != c.size {
			t.Errorf("%s %s: %d bytes give %d, %v; want %d", c.spec, c.alg, c.max, len(sealed), err, c.size)
		}
		if _, err := key.Encrypt(rand.Reader, c.alg, make([]byte, c.max+1), Params{}); !errors.Is(err, ErrSize) {
			t.Errorf("%s %s: one byte more: %v, want ErrSize", c.spec, c.alg, err)
		}
	}
}

func TestPaddingModes(t *testing.T) {
	key := keysOnce()["Aliyun_AES_256"]
	for _, alg := range []Algorithm{AESCBC, AESECB} {
		iv := make([]byte, alg.IVSize())
		if _, err := key.Encrypt(nil, alg, make([]byte, 15), Params{IV: iv, Padding: NoPadding}); !errors.Is(err, ErrSize) {
			t.Errorf("%s without padding, 15 bytes: %v", alg, err)
		}
		if sealed, err := key.Encrypt(nil, alg, make([]byte, 16), Params{IV: iv, Padding: NoPadding}); err != nil || len(sealed) != 16 {
			t.Errorf("%s without padding, 16 bytes: %d, %v", alg, len(sealed), err)
		}
		if sealed, err := key.Encrypt(nil, alg, make([]byte, 16), Params{IV: iv}); err != nil || len(sealed) != 32 {
			t.Errorf("%s padded, 16 bytes: %d, %v", alg, len(sealed), err)
		}
		if _, err := key.Encrypt(nil, alg, make([]byte, 16), Params{IV: iv, Padding: "ZERO_PADDING"}); !errors.Is(err, ErrSize) {
			t.Errorf("%s with an unknown padding: %v", alg, err)
		}
	}
}

func TestIVLengths(t *testing.T) {
	for spec, algs := range map[string][]Algorithm{"Aliyun_AES_256": {AESGCM, AESCBC, AESECB}, "Aliyun_SM4": {SM4GCM}} {
		for _, alg := range algs {
			for n := range 20 {
				_, err := keysOnce()[spec].Encrypt(nil, alg, make([]byte, 16), Params{IV: make([]byte, n)})
				if (err == nil) != (n == alg.IVSize()) {
					t.Errorf("%s with an IV of %d bytes: %v", alg, n, err)
				}
				_, err = keysOnce()[spec].Decrypt(alg, make([]byte, 32), Params{IV: make([]byte, n)})
				if errors.Is(err, ErrIV) != (n != alg.IVSize()) {
					t.Errorf("%s decrypt with an IV of %d bytes: %v", alg, n, err)
				}
			}
		}
	}
}

func TestKeysRefuseForeignAlgorithms(t *testing.T) {
	all := []Algorithm{AESGCM, AESCBC, AESECB, SM4GCM, OAEPSHA1, OAEPSHA2, SM2PKE, ECIESSHA1, RSAPSS, RSAPKCS1, ECDSA, SM2DSA, HMACSHA256, "", "ROT13"}
	for _, name := range SpecNames() {
		spec, _ := SpecOf(name)
		key := keysOnce()[name]
		own := map[Algorithm]bool{}
		for _, a := range append(append([]Algorithm{}, spec.Encryption...), spec.Signature...) {
			own[a] = true
		}
		for _, alg := range all {
			if own[alg] {
				continue
			}
			_, e1 := key.Encrypt(rand.Reader, alg, []byte("x"), Params{IV: make([]byte, alg.IVSize())})
			_, e2 := key.Decrypt(alg, make([]byte, 64), Params{IV: make([]byte, alg.IVSize())})
			_, e3 := key.Sign(rand.Reader, alg, make([]byte, DigestSize))
			_, e4 := key.Verify(alg, make([]byte, DigestSize), make([]byte, 64))
			_, e5 := key.Digest(alg, []byte("x"))
			for i, err := range []error{e1, e2, e3, e4, e5} {
				if !errors.Is(err, ErrAlgorithm) {
					t.Errorf("%s does %q (%d): %v", name, alg, i, err)
				}
			}
		}
		if _, err := key.Public(); (err == nil) != (spec.Class == Asymmetric) {
			t.Errorf("%s public key: %v", name, err)
		}
	}
}

func TestSignTakesOnlyWholeDigests(t *testing.T) {
	for name, alg := range map[string]Algorithm{"RSA_2048": RSAPSS, "RSA_3072": RSAPKCS1, "EC_P256": ECDSA, "EC_P256K": ECDSA, "EC_SM2": SM2DSA} {
		for _, n := range []int{0, 31, 33} {
			if _, err := keysOnce()[name].Sign(rand.Reader, alg, make([]byte, n)); !errors.Is(err, ErrSize) {
				t.Errorf("%s signs %d bytes: %v", name, n, err)
			}
			if _, err := keysOnce()[name].Verify(alg, make([]byte, n), nil); !errors.Is(err, ErrSize) {
				t.Errorf("%s verifies %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestSameSeedSameKeysAndResults(t *testing.T) {
	transcript := func(seed byte) []byte {
		r := randv2.NewChaCha8([32]byte{seed})
		sum := sha256.New()
		for _, name := range SpecNames() {
			if testing.Short() && name == "RSA_4096" || name == "RSA_3072" {
				continue
			}
			spec, _ := SpecOf(name)
			material, err := Generate(r, name)
			if err != nil {
				t.Fatal(err)
			}
			sum.Write(material)
			key, err := Parse(name, material)
			if err != nil {
				t.Fatal(err)
			}
			for _, alg := range spec.Encryption {
				out, err := key.Encrypt(r, alg, []byte("sixteen bytes ok"), Params{IV: make([]byte, alg.IVSize())})
				if err != nil {
					t.Fatal(err)
				}
				sum.Write(out)
			}
			for _, alg := range spec.Signature {
				out, err := key.Sign(r, alg, make([]byte, DigestSize))
				if err != nil {
					t.Fatal(err)
				}
				sum.Write(out)
			}
		}
		return sum.Sum(nil)
	}
	first := transcript(1)
	if !bytes.Equal(first, transcript(1)) {
		t.Error("the same seed gives another transcript")
	}
	if bytes.Equal(first, transcript(2)) {
		t.Error("another seed gives the same transcript")
	}
}

func TestParseRefusesForeignMaterial(t *testing.T) {
	der := map[string][]byte{}
	for _, name := range []string{"RSA_2048", "EC_P256", "EC_P256K", "EC_SM2"} {
		material, err := Generate(rand.Reader, name)
		if err != nil {
			t.Fatal(err)
		}
		der[name] = material
	}
	for _, name := range SpecNames() {
		for _, material := range [][]byte{nil, {1}, make([]byte, 15), make([]byte, 200)} {
			if _, err := Parse(name, material); !errors.Is(err, ErrMaterial) && !(len(material) == 15 || len(material) == 1) {
				t.Errorf("%s takes %d zero bytes: %v", name, len(material), err)
			}
		}
		for other, material := range der {
			if _, err := Parse(name, material); (err == nil) != (name == other) {
				spec, _ := SpecOf(name)
				if spec.Class != MAC { // an HMAC key may be any bytes up to a block
					t.Errorf("%s takes %s's material: %v", name, other, err)
				}
			}
		}
	}
	if _, err := Parse("DES", make([]byte, 8)); !errors.Is(err, ErrMaterial) {
		t.Errorf("unknown specification: %v", err)
	}
	if _, err := Generate(rand.Reader, "DES"); !errors.Is(err, ErrMaterial) {
		t.Errorf("unknown specification: %v", err)
	}
}

func TestParseReadsTheOlderEncodings(t *testing.T) {
	p256 := keysOnce()["EC_P256"].(*p256Key)
	sec1DER, err := x509.MarshalECPrivateKey(p256.private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("EC_P256", sec1DER); err != nil {
		t.Errorf("SEC 1: %v", err)
	}
	private := keysOnce()["RSA_2048"].(*rsaKey).private
	if _, err := Parse("RSA_2048", x509.MarshalPKCS1PrivateKey(private)); err != nil {
		t.Errorf("PKCS#1: %v", err)
	}
}

// A client that computes SM2's digest itself must get what the key computes.
func TestSM2SignsTheStandardDigest(t *testing.T) {
	key := keysOnce()["EC_SM2"].(*sm2Key)
	digest, err := key.Digest(SM2DSA, []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign(rand.Reader, SM2DSA, digest)
	if err != nil {
		t.Fatal(err)
	}
	if !sm2.VerifyASN1WithSM2(&key.private.PublicKey, nil, []byte("message"), sig) {
		t.Error("the library does not accept the signature of the message")
	}
}

func TestSM2ReadsASN1Ciphertext(t *testing.T) {
	key := keysOnce()["EC_SM2"].(*sm2Key)
	sealed, err := sm2.EncryptASN1(rand.Reader, &key.private.PublicKey, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Decrypt(SM2PKE, sealed, Params{}); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}

func BenchmarkSign(b *testing.B) {
	for name, alg := range map[string]Algorithm{"RSA_2048": RSAPKCS1, "EC_P256": ECDSA, "EC_P256K": ECDSA, "EC_SM2": SM2DSA} {
		b.Run(name, func(b *testing.B) {
			key := keysOnce()[name]
			for b.Loop() {
				if _, err := key.Sign(rand.Reader, alg, make([]byte, DigestSize)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
