package transfer

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

const version = "4d1c217f-c2d8-4da1-ac3a-c057235c3fff"

// raw is a ciphertext whose base64 has both letters that are written differently.
var raw = append([]byte(version), bytes.Repeat([]byte{0xfb, 0xff, 0xbf}, 14)...)

func TestCiphertextsAreFoundInTheirForms(t *testing.T) {
	std, advance := base64.StdEncoding.EncodeToString(raw), base64.StdEncoding.EncodeToString(append([]byte(advanceMark), raw...))
	longer := append(raw[:len(raw):len(raw)], 1)
	padded := base64.StdEncoding.EncodeToString(longer)
	for _, test := range []struct {
		name, content string
		form          string
		want          []byte
	}{
		{"JSON", `{"a":"` + std + `"}`, FormBase64, raw},
		{"slashes", `{"a":"` + strings.ReplaceAll(std, "/", `\/`) + `"}`, FormBase64, raw},
		{"environment", "A=" + std + "\n", FormBase64, raw},
		{"advance", "a: " + advance, FormBase64, raw},
		{"URL", "a: " + base64.URLEncoding.EncodeToString(raw), FormBase64URL, raw},
		{"padded", "a: " + padded + "&b=c", FormBase64, longer},
		{"unpadded", "a: " + strings.TrimRight(padded, "="), FormBase64, longer},
		{"file", string(raw), FormBinary, raw},
		{"file of the instance", advanceMark + string(raw), FormBinary, raw},
	} {
		blobs, broken := find([]byte(test.content), []string{"another-version-of-another-key-000000", version})
		if len(blobs) != 1 || len(broken) != 0 || blobs[0].Form != test.form || !bytes.Equal(blobs[0].Raw, test.want) {
			t.Errorf("%s: %+v %v", test.name, blobs, broken)
			continue
		}
		if got := splice([]byte(test.content), blobs, [][]byte{blobs[0].Raw}); string(got) != test.content {
			t.Errorf("%s: written again it is %q, and was %q", test.name, got, test.content)
		}
		if got := splice([]byte(test.content), blobs, [][]byte{nil}); string(got) != test.content {
			t.Errorf("%s: left alone it is %q", test.name, got)
		}
	}
}

func TestWhatIsNoWholeCiphertextIsTold(t *testing.T) {
	std := base64.StdEncoding.EncodeToString(raw)
	for name, content := range map[string]string{
		"cut off":     `{"a":"` + std[:60] + `"}`,
		"inside":      "AAAA" + std,
		"not padded":  std[:len(std)-3],
		"bad letters": std[:80] + "\u00e9",
	} {
		if blobs, broken := find([]byte(content), []string{version}); len(blobs) != 0 || len(broken) != 1 {
			t.Errorf("%s: %+v %v", name, blobs, broken)
		}
	}
	if blobs, broken := find([]byte("key "+version+" is a version"), []string{version}); len(blobs)+len(broken) != 0 {
		t.Errorf("the id itself: %v %v", blobs, broken)
	}
}

// FuzzFind holds that what is found can be written again as it was, and everything else is left alone.
func FuzzFind(f *testing.F) {
	std := base64.StdEncoding.EncodeToString(raw)
	f.Add([]byte(`{"a":"` + std + `"}`))
	f.Add([]byte("a,b\n" + strings.ReplaceAll(std, "/", `\/`) + "," + std + std))
	f.Add(append([]byte(advanceMark), raw...))
	f.Fuzz(func(t *testing.T, content []byte) {
		blobs, _ := find(content, []string{version})
		at := 0
		fresh := make([][]byte, len(blobs))
		for i, b := range blobs {
			if b.Start < at || b.End <= b.Start || b.End > len(content) {
				t.Fatalf("%+v after %d", b, at)
			}
			at, fresh[i] = b.End, b.Raw
		}
		next := splice(content, blobs, fresh)
		again, _ := find(next, []string{version})
		if len(again) != len(blobs) {
			t.Fatalf("%d ciphertexts became %d", len(blobs), len(again))
		}
		for i := range again {
			if !bytes.Equal(again[i].Raw, blobs[i].Raw) {
				t.Fatalf("ciphertext %d became another", i)
			}
		}
	})
}
