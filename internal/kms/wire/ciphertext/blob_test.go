package ciphertext

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// The vendor's vectors: one ciphertext in both layouts, and a context's digest.
func TestBlobLayouts(t *testing.T) {
	const openAPI = "M2RlMzcxZTgtNjgyYy01NWE4LTJlMzQtN2JlMmU4NGFjZjg1MDEyMzQ1Njc4OWFiVlYEADRgsTqzbulppIysyHysIDxGoMxD"
	stored, err := base64.StdEncoding.DecodeString(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	advance := append([]byte{0x24, 0x00, 0x02}, stored...)
	if got := OpenAPI(advance); !bytes.Equal(got, stored) {
		t.Error("openAPIBlob of an Advance blob")
	}
	if got := OpenAPI(stored); !bytes.Equal(got, stored) {
		t.Error("openAPIBlob of a stored blob")
	}
	for _, in := range [][]byte{stored, advance} {
		if got, err := Advance(in); err != nil || !bytes.Equal(got, advance) {
			t.Error("advanceBlob", err)
		}
	}
	if id, err := VersionID(stored); err != nil || id != "3de371e8-682c-55a8-2e34-7be2e84acf85" {
		t.Error(id, err)
	}
	other := []byte("$\x00\x05another algorithm, as long as a whole blob has to be, which is 64 bytes")
	if got := OpenAPI(other); !bytes.Equal(got, other) {
		t.Error("an Advance blob of another algorithm was cut")
	}
}

func TestDamagedBlobsAreRefused(t *testing.T) {
	for _, blob := range [][]byte{nil, []byte("short"), make([]byte, 100), append([]byte("3de371e8\n682c-55a8-2e34-7be2e84acf85"), make([]byte, 40)...)} {
		if _, err := Advance(blob); err == nil {
			t.Errorf("%q", blob)
		}
	}
}

func TestContextAAD(t *testing.T) {
	context := map[string]string{"this": "is", "encryption": "context"}
	const want = "43a9a884625d6396999ecd25592f3da21e28327264fe9ce8f4e46e5c966db3ec"
	if got := hex.EncodeToString(AAD(context, AADRaw)); got != want {
		t.Error(got)
	}
	if got := string(AAD(context, AADHex)); got != want {
		t.Error(got)
	}
	if AAD(nil, AADRaw) != nil || AAD(map[string]string{}, AADHex) != nil {
		t.Error("empty context")
	}
}

func TestSizedPlaintext(t *testing.T) {
	raw := []byte("0123456789abcdef0123456789abcdef")
	text := base64.StdEncoding.EncodeToString(raw)
	for _, c := range []struct {
		in   string
		size int
		want string
		ok   bool
	}{
		{string(raw), 32, string(raw), true},
		{text, 32, string(raw), true},
		{text, 0, text, true},
		{text, len(text), text, true},
		{text, 31, "", false},
		{"short", 32, "", false},
	} {
		got, err := Sized([]byte(c.in), c.size)
		if (err == nil) != c.ok || string(got) != c.want {
			t.Errorf("%q %d: %q %v", c.in, c.size, got, err)
		}
	}
}

func FuzzBlob(f *testing.F) {
	f.Add([]byte("$\x00\x02"))
	f.Add([]byte("3de371e8-682c-55a8-2e34-7be2e84acf85 0123456789ab 0123456789abcdef"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		stored := OpenAPI(blob)
		advance, err := Advance(stored)
		if err != nil {
			return
		}
		if !bytes.Equal(OpenAPI(advance), stored) {
			t.Errorf("%q is not stored and restored", blob)
		}
	})
}
