package kms

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"
)

// The vendor's vectors: one ciphertext in both layouts, and a context's digest.
func TestBlobLayouts(t *testing.T) {
	const openAPI = "M2RlMzcxZTgtNjgyYy01NWE4LTJlMzQtN2JlMmU4NGFjZjg1MDEyMzQ1Njc4OWFiVlYEADRgsTqzbulppIysyHysIDxGoMxD"
	stored, err := base64.StdEncoding.DecodeString(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	advance := append([]byte{0x24, 0x00, 0x02}, stored...)
	if got := openAPIBlob(advance); !bytes.Equal(got, stored) {
		t.Error("openAPIBlob of an Advance blob")
	}
	if got := openAPIBlob(stored); !bytes.Equal(got, stored) {
		t.Error("openAPIBlob of a stored blob")
	}
	for _, in := range [][]byte{stored, advance} {
		if got, err := advanceBlob(in); err != nil || !bytes.Equal(got, advance) {
			t.Error("advanceBlob", err)
		}
	}
	if id, err := blobVersionID(stored); err != nil || id != "3de371e8-682c-55a8-2e34-7be2e84acf85" {
		t.Error(id, err)
	}
	other := []byte("$\x00\x05another algorithm, as long as a whole blob has to be, which is 64 bytes")
	if got := openAPIBlob(other); !bytes.Equal(got, other) {
		t.Error("an Advance blob of another algorithm was cut")
	}
}

func TestDamagedBlobsAreRefused(t *testing.T) {
	for _, blob := range [][]byte{nil, []byte("short"), make([]byte, 100), append([]byte("3de371e8\n682c-55a8-2e34-7be2e84acf85"), make([]byte, 40)...)} {
		if _, err := advanceBlob(blob); err == nil {
			t.Errorf("%q", blob)
		}
	}
}

func TestContextAAD(t *testing.T) {
	context := map[string]string{"this": "is", "encryption": "context"}
	const want = "43a9a884625d6396999ecd25592f3da21e28327264fe9ce8f4e46e5c966db3ec"
	if got := hex.EncodeToString(contextAAD(context, AADRaw)); got != want {
		t.Error(got)
	}
	if got := string(contextAAD(context, AADHex)); got != want {
		t.Error(got)
	}
	if contextAAD(nil, AADRaw) != nil || contextAAD(map[string]string{}, AADHex) != nil {
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
		got, err := sized([]byte(c.in), c.size)
		if (err == nil) != c.ok || string(got) != c.want {
			t.Errorf("%q %d: %q %v", c.in, c.size, got, err)
		}
	}
}

func TestKeyResource(t *testing.T) {
	for in, want := range map[string]string{
		"key-1": "key-1", "alias/a": "alias/a", "acs:kms:cn-hangzhou:1:key/key-1": "key-1",
		"acs:kms:cn-hangzhou:1:alias/a/b": "alias/a/b", "": "",
	} {
		if got := keyResource(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestIntervals(t *testing.T) {
	day := 24 * time.Hour
	for in, want := range map[string]time.Duration{"365d": 365 * day, "31536000s": 365 * day, "8760h": 365 * day, "6h": 6 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := ParseInterval(in); err != nil || got != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
	for _, in := range []string{"", "d", "7", "7w", "-7d", "7.5d", " 7d", "7D", "9999999999d", "4000000000d"} {
		if got, err := ParseInterval(in); err == nil {
			t.Errorf("%q: %s", in, got)
		}
	}
	if FormatInterval(365*day) != "31536000s" {
		t.Error(FormatInterval(365 * day))
	}
}

func FuzzBlob(f *testing.F) {
	f.Add([]byte("$\x00\x02"))
	f.Add([]byte("3de371e8-682c-55a8-2e34-7be2e84acf85 0123456789ab 0123456789abcdef"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		stored := openAPIBlob(blob)
		advance, err := advanceBlob(stored)
		if err != nil {
			return
		}
		if !bytes.Equal(openAPIBlob(advance), stored) {
			t.Errorf("%q is not stored and restored", blob)
		}
	})
}

func FuzzInterval(f *testing.F) {
	f.Add("365d")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseInterval(text)
		if err != nil {
			return
		}
		if again, err := ParseInterval(FormatInterval(d)); d < 0 || d/time.Second < 1<<32 && (err != nil || again != d) {
			t.Errorf("%q: %s, %s, %v", text, d, again, err)
		}
	})
}
