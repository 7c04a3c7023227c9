package clitest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDisguisesAreFound holds that the search for a secret finds it inside what is encoded.
func TestDisguisesAreFound(t *testing.T) {
	const secret = `canary 9f3b/2c"&é`
	for _, around := range []string{"", "a", "ab", "abc", "abcd"} {
		whole := []byte(around + secret + around)
		for name, encoded := range map[string]string{
			"plain": string(whole), "hex": hex.EncodeToString(whole), "base64": base64.StdEncoding.EncodeToString(whole), "base64 for URLs": base64.RawURLEncoding.EncodeToString(whole),
			"query": url.QueryEscape(string(whole)), "path": url.PathEscape(string(whole)), "JSON": asJSON(string(whole), false), "JSON for HTML": asJSON(string(whole), true),
			"JSON in JSON": asJSON(asJSON(string(whole), true), true), "quoted": strconv.Quote(string(whole)),
		} {
			if !slices.ContainsFunc(Disguises(secret), func(d []byte) bool { return strings.Contains(encoded, string(d)) }) {
				t.Errorf("%s around it, %s: not found in %s", around, name, encoded)
			}
		}
	}
}

// TestWhatIsPackedIsOpened holds that a secret in a journal in clear is found, however its store keeps it.
func TestWhatIsPackedIsOpened(t *testing.T) {
	const secret = "canary-9f3b2c"
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte("{" + secret + strings.Repeat(" some more", 9) + "}"))
	w.Close()
	head, err := json.Marshal(map[string]any{"kmsplan_head": 1, "journal": b.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	row := []byte(`{"head":"\\x` + hex.EncodeToString(head) + `"}`)
	if bytes.Contains(row, []byte(secret)) || len(Holding(Opened(row, PackedDepth), secret)) == 0 {
		t.Errorf("not found in %s", row)
	}
	for depth := range PackedDepth {
		if len(Holding(Opened(row, depth), secret)) != 0 {
			t.Errorf("found at a depth of %d", depth)
		}
	}
}
