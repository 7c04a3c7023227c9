package crypt

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

const (
	vectorVersion = "3de371e8-682c-55a8-2e34-7be2e84acf85"
	vectorBlob    = "M2RlMzcxZTgtNjgyYy01NWE4LTJlMzQtN2JlMmU4NGFjZjg1MDEyMzQ1Njc4OWFiVlYEADRgsTqzbulppIysyHysIDxGoMxD"
	vectorAAD     = "43a9a884625d6396999ecd25592f3da21e28327264fe9ce8f4e46e5c966db3ec"
)

// The published layout vector: key 00..1f, IV "0123456789ab", plaintext "aGVsbG8=".
func TestBlobVector(t *testing.T) {
	aad, err := ContextAAD(map[string]any{"this": "is", "encryption": "context"})
	if err != nil || hex.EncodeToString(aad) != vectorAAD {
		t.Fatalf("context: %x, %v", aad, err)
	}
	material := make([]byte, 32)
	for i := range material {
		material[i] = byte(i)
	}
	key, err := Parse("Aliyun_AES_256", material)
	if err != nil {
		t.Fatal(err)
	}
	iv := []byte("0123456789ab")
	sealed, err := key.Encrypt(nil, AESGCM, []byte("aGVsbG8="), Params{IV: iv, AAD: aad})
	if err != nil {
		t.Fatal(err)
	}
	blob := Blob{Version: vectorVersion, IV: iv, Sealed: sealed}
	public, err := blob.Public()
	if err != nil || base64.StdEncoding.EncodeToString(public) != vectorBlob {
		t.Errorf("public blob %s, %v", base64.StdEncoding.EncodeToString(public), err)
	}
	advance, err := blob.Advance()
	if err != nil || !bytes.Equal(advance, append([]byte{0x24, 0x00, 0x02}, public...)) {
		t.Errorf("advance blob %x, %v", advance, err)
	}
	for name, read := range map[string]func() (Blob, error){
		"public":  func() (Blob, error) { return ParsePublic(public) },
		"advance": func() (Blob, error) { return ParseAdvance(advance) },
	} {
		got, err := read()
		if err != nil || got.Version != vectorVersion || !bytes.Equal(got.IV, iv) || !bytes.Equal(got.Sealed, sealed) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestBlobHeaderCounts(t *testing.T) {
	public, _ := base64.StdEncoding.DecodeString(vectorBlob)
	advance := append([]byte{0x24, 0x00, 0x02}, public...)
	for at := range 3 {
		bad := bytes.Clone(advance)
		bad[at] ^= 1
		if _, err := ParseAdvance(bad); !errors.Is(err, ErrBlob) || IsAdvance(bad) {
			t.Errorf("header byte %d does not count: %v", at, err)
		}
	}
	for n := range VersionIDSize + blobIV + blobTag {
		if _, err := ParsePublic(public[:n]); !errors.Is(err, ErrBlob) {
			t.Errorf("%d bytes are taken for a blob: %v", n, err)
		}
	}
	for _, b := range []Blob{{}, {Version: "short", IV: make([]byte, 12), Sealed: make([]byte, 16)}, {Version: vectorVersion, IV: make([]byte, 11), Sealed: make([]byte, 16)}, {Version: vectorVersion, IV: make([]byte, 12), Sealed: make([]byte, 15)}} {
		if _, err := b.Public(); !errors.Is(err, ErrBlob) {
			t.Errorf("%+v is encoded: %v", b, err)
		}
	}
}

func FuzzBlob(f *testing.F) {
	public, _ := base64.StdEncoding.DecodeString(vectorBlob)
	f.Add(public)
	f.Add(append([]byte{0x24, 0x00, 0x02}, public...))
	f.Add([]byte("$"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := ParsePublic(data); err == nil {
			if again, err := b.Public(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("public blob changes when written again: %v", err)
			}
		}
		if b, err := ParseAdvance(data); err == nil {
			if again, err := b.Advance(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("advance blob changes when written again: %v", err)
			}
		}
	})
}

func TestContext(t *testing.T) {
	long := strings.Repeat("x", MaxContext-len(`{"k":""}`))
	for _, c := range []struct {
		name string
		in   map[string]any
		want error
		none bool
	}{
		{"absent", nil, nil, true},
		{"empty", map[string]any{}, nil, true},
		{"one", map[string]any{"a": "b"}, nil, false},
		{"empty value", map[string]any{"a": ""}, nil, false},
		{"number", map[string]any{"a": 1.0}, ErrContext, false},
		{"null", map[string]any{"a": nil}, ErrContext, false},
		{"list", map[string]any{"a": []any{"b"}}, ErrContext, false},
		{"object", map[string]any{"a": map[string]any{"b": "c"}}, ErrContext, false},
		{"longest", map[string]any{"k": long}, nil, false},
		{"too long", map[string]any{"k": long + "x"}, ErrContext, false},
	} {
		aad, err := ContextAAD(c.in)
		if !errors.Is(err, c.want) || (err == nil) && (len(aad) == 0) != c.none {
			t.Errorf("%s: %x, %v", c.name, aad, err)
		}
	}
}

func TestWrapOpensUnderThePrivateKey(t *testing.T) {
	for _, c := range []struct {
		spec string
		alg  Algorithm
		ok   bool
	}{
		{"RSA_2048", OAEPSHA1, true}, {"RSA_2048", OAEPSHA2, true}, {"EC_SM2", SM2PKE, true},
		{"RSA_2048", SM2PKE, false}, {"EC_SM2", OAEPSHA2, false}, {"RSA_3072", OAEPSHA2, false}, {"EC_P256", ECIESSHA1, false},
	} {
		key := keysOnce()[c.spec]
		public, err := key.Public()
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := Wrap(rand.Reader, c.spec, c.alg, public, []byte("data key"))
		if !c.ok {
			if !errors.Is(err, ErrWrappingKey) {
				t.Errorf("%s %s: %v", c.spec, c.alg, err)
			}
			continue
		}
		if got, err2 := key.Decrypt(c.alg, wrapped, Params{}); err != nil || err2 != nil || string(got) != "data key" {
			t.Errorf("%s %s: %q, %v, %v", c.spec, c.alg, got, err, err2)
		}
	}
	public, _ := keysOnce()["RSA_3072"].Public()
	for _, bad := range [][]byte{nil, {1, 2, 3}, public} {
		if _, err := Wrap(rand.Reader, "RSA_2048", OAEPSHA2, bad, []byte("k")); !errors.Is(err, ErrWrappingKey) {
			t.Errorf("a foreign public key: %v", err)
		}
	}
}
