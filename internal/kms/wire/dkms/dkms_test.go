package dkms_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"software.sslmate.com/src/go-pkcs12"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// The vectors below were captured from the vendor's SDK.
const (
	vectorBody = "0a016b120568656c6c6f220161"
	vectorHash = "90A49D2E6A3FB688F0669B42E3DAB0C02E47CD6A96A4DFB65D2D47A8266A5F21"
	vectorSTS  = "POST\n" + vectorHash + "\napplication/x-protobuf\nTue, 24 Nov 2026 02:11:10 GMT\n" +
		"x-kms-acccesskeyid:KAAP.9c84ad54\nx-kms-apiname:Encrypt\nx-kms-apiversion:dkms-gcs-0.2\n" +
		"x-kms-signaturemethod:RSA_PKCS1_SHA_256\n/"
)

func vectorHeader() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		dkms.HeaderContentSHA256:   vectorHash,
		dkms.HeaderContentType:     dkms.ContentType,
		dkms.HeaderDate:            "Tue, 24 Nov 2026 02:11:10 GMT",
		dkms.HeaderAccessKeyID:     "KAAP.9c84ad54",
		dkms.HeaderAPIName:         "Encrypt",
		dkms.HeaderAPIVersion:      dkms.APIVersion,
		dkms.HeaderSignatureMethod: dkms.SignatureMethod,
		"Accept":                   dkms.ContentType,
	} {
		h.Set(name, value)
	}
	return h
}

func TestMessageAndHashVector(t *testing.T) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&dkms.EncryptRequest{KeyId: "k", Plaintext: []byte("hello"), Aad: []byte("a")})
	if err != nil || hex.EncodeToString(body) != vectorBody {
		t.Fatalf("body %x, want %s (%v)", body, vectorBody, err)
	}
	if got := dkms.HashBody(body); got != vectorHash {
		t.Fatalf("hash %s, want %s", got, vectorHash)
	}
}

func TestStringToSignVector(t *testing.T) {
	if got := dkms.StringToSign("POST", vectorHeader()); got != vectorSTS {
		t.Fatalf("got\n%q\nwant\n%q", got, vectorSTS)
	}
}

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestVerifyCoversEverySignedPart(t *testing.T) {
	key := newKey(t)
	signed := vectorHeader()
	value, err := dkms.Sign(key, "POST", signed)
	if err != nil {
		t.Fatal(err)
	}
	signed.Set(dkms.HeaderAuthorization, value)
	if err := dkms.Verify(&key.PublicKey, "POST", signed); err != nil {
		t.Fatal(err)
	}
	token := signed.Clone()
	token.Set(dkms.HeaderAuthorization, "TOKEN "+strings.TrimPrefix(value, "Bearer "))
	if err := dkms.Verify(&key.PublicKey, "POST", token); err != nil {
		t.Fatalf("TOKEN: %v", err)
	}
	if dkms.Verify(&key.PublicKey, "GET", signed) == nil {
		t.Error("another method is accepted")
	}
	for name := range vectorHeader() {
		changed := signed.Clone()
		changed.Set(name, changed.Get(name)+"x")
		err := dkms.Verify(&key.PublicKey, "POST", changed)
		if covered := name != "Accept"; covered != errors.Is(err, dkms.ErrSignature) {
			t.Errorf("changed %s: %v", name, err)
		}
	}
	added := signed.Clone()
	added.Set(dkms.HeaderMigrationKeyVersionID, "v")
	if dkms.Verify(&key.PublicKey, "POST", added) == nil {
		t.Error("an added x-kms- header is accepted")
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	for _, value := range []string{"", "Bearer", "Bearer ", "Basic YQ==", "Bearer !", "Bearer YQ", "Bearer YR==", "Bearer YQ==\nYQ=="} {
		if _, err := dkms.ParseAuthorization(value); !errors.Is(err, dkms.ErrAuthorization) {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func certificate(t testing.TB, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "t"}, NotAfter: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func clientKeyFile(t testing.TB, pfx []byte) []byte {
	t.Helper()
	file, err := dkms.MarshalClientKey("KAAP.1", base64.StdEncoding.EncodeToString(pfx))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestParseClientKeyReadsEveryKind(t *testing.T) {
	key, other := newKey(t), newKey(t)
	leaf, ca := certificate(t, key), certificate(t, other)
	for name, encoder := range map[string]*pkcs12.Encoder{"RC2": pkcs12.LegacyRC2, "3DES": pkcs12.LegacyDES, "PBES2": pkcs12.Modern2023, "PBMAC1": pkcs12.Modern2026} {
		for order, certs := range map[string][]*x509.Certificate{"leaf first": {leaf, ca}, "CA first": {ca, leaf}, "leaf only": {leaf}} {
			t.Run(name+"/"+order, func(t *testing.T) {
				pfx, err := encoder.Encode(key, certs[0], certs[1:], "pa55Word")
				if err != nil {
					t.Fatal(err)
				}
				file := clientKeyFile(t, pfx)
				got, err := dkms.ParseClientKey(file, "pa55Word")
				if err != nil {
					t.Fatal(err)
				}
				if got.KeyID != "KAAP.1" || !got.Key.Equal(key) || !got.Certificate.Equal(leaf) || !got.NotAfter().Equal(leaf.NotAfter) {
					t.Fatal("another key, id or certificate came out")
				}
				if _, err := dkms.ParseClientKey(file, "pa55Word\n"); !errors.Is(err, dkms.ErrClientKeyPassword) {
					t.Fatalf("wrong password: %v", err)
				}
			})
		}
	}
}

func TestParseClientKeyRefusesOtherFiles(t *testing.T) {
	key, other := newKey(t), newKey(t)
	stranger, err := pkcs12.Modern2023.Encode(key, certificate(t, other), nil, "p")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"empty":               nil,
		"not JSON":            []byte("-----BEGIN"),
		"no id":               []byte(`{"PrivateKeyData":"YQ=="}`),
		"no data":             []byte(`{"KeyId":"KAAP.1"}`),
		"not base64":          []byte(`{"KeyId":"KAAP.1","PrivateKeyData":"!"}`),
		"not PKCS#12":         []byte(`{"KeyId":"KAAP.1","PrivateKeyData":"YQ=="}`),
		"foreign certificate": clientKeyFile(t, stranger),
		"too large":           make([]byte, 2<<20),
	} {
		if _, err := dkms.ParseClientKey(file, "p"); !errors.Is(err, dkms.ErrClientKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseClientKeyRefusesEndlessDerivation(t *testing.T) {
	key := newKey(t)
	for _, encoder := range []*pkcs12.Encoder{pkcs12.LegacyDES, pkcs12.Modern2023} {
		pfx, err := encoder.WithIterations(100_000).Encode(key, certificate(t, key), nil, "p")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dkms.ParseClientKey(clientKeyFile(t, pfx), "p"); err != nil {
			t.Fatal(err)
		}
		pfx = bytes.Replace(pfx, []byte{2, 3, 0x01, 0x86, 0xa0}, []byte{2, 3, 0x7f, 0xff, 0xff}, 1)
		if _, err := dkms.ParseClientKey(clientKeyFile(t, pfx), "p"); !errors.Is(err, dkms.ErrClientKeyFile) {
			t.Fatalf("accepted: %v", err)
		}
	}
}

func TestClientKeyNeverPrintsItsKey(t *testing.T) {
	key := newKey(t)
	k := &dkms.ClientKey{KeyID: "KAAP.1", Key: key, Certificate: certificate(t, key)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, k); got != "ClientKey KAAP.1" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if out, err := json.Marshal(k); err == nil {
		t.Errorf("marshalled to %d bytes", len(out))
	}
}

// A file cannot make its reader derive keys for hours: the rounds of all its derivations are bounded together.
func TestKeyDerivationIsBounded(t *testing.T) {
	key := newKey(t)
	pfx, err := pkcs12.Modern2023.WithIterations(100).Encode(key, certificate(t, key), nil, "p")
	if err != nil {
		t.Fatal(err)
	}
	file, err := dkms.MarshalClientKey("K", base64.StdEncoding.EncodeToString(pfx))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dkms.ParseClientKeyWithin(file, "p", 300); err != nil {
		t.Error(err)
	}
	if _, err := dkms.ParseClientKeyWithin(file, "p", 299); !errors.Is(err, dkms.ErrClientKeyFile) {
		t.Errorf("three derivations of 100 rounds within 299: %v", err)
	}
}

// The seeds derive their keys in one round and 64 are allowed, so that the time goes into parsing; that a
// file cannot ask for more than the bound has its own test.
func FuzzParseClientKey(f *testing.F) {
	key := newKey(f)
	for _, encoder := range []*pkcs12.Encoder{pkcs12.LegacyDES, pkcs12.LegacyRC2, pkcs12.Modern2023} {
		pfx, err := encoder.WithIterations(1).Encode(key, certificate(f, key), nil, "p")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pfx)
	}
	f.Fuzz(func(t *testing.T, pfx []byte) {
		file, _ := dkms.MarshalClientKey("K", base64.StdEncoding.EncodeToString(pfx))
		if k, err := dkms.ParseClientKeyWithin(file, "p", 64); err == nil && k.Key == nil {
			t.Fatal("no key and no error")
		}
	})
}

func BenchmarkSign(b *testing.B) {
	key, h := newKey(b), vectorHeader()
	for b.Loop() {
		if _, err := dkms.Sign(key, "POST", h); err != nil {
			b.Fatal(err)
		}
	}
}
