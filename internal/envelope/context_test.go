package envelope

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPairsAreReadable(t *testing.T) {
	got, err := encodePairs(map[string]string{"env": "prod", "app": "orders/api:v1.2", "a b": "ü=%\n", "empty": ""})
	want := "a%20b=%C3%BC%3D%25%0A app=orders/api:v1.2 empty= env=prod"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// TestPairsHaveOneForm: what decodes at all is what encodes to the same bytes.
func TestPairsHaveOneForm(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pairs := rapid.MapOf(rapid.StringN(1, 20, -1), rapid.StringN(0, 20, -1)).Draw(rt, "pairs")
		args, err := encodePairs(pairs)
		valid := true
		for name, value := range pairs {
			valid = valid && utf8.ValidString(name) && utf8.ValidString(value)
		}
		if (err == nil) != valid {
			rt.Fatal(err)
		}
		if err != nil {
			return
		}
		back, err := decodePairs(args)
		if err != nil || !maps.Equal(back, pairs) {
			rt.Fatalf("%q: %v, %v", args, back, err)
		}
	})
	for _, bad := range []string{"a", "=b", "b=1 a=1", "a=1 a=1", "a=1 a=2", "a=%41", "a=%2f", "a=%3d", "a=b=c", "a=%", "a=%4", "a=%zz", "a=+", "a=%FF", "%=1"} {
		if got, err := decodePairs(strings.Fields(bad)); err == nil {
			t.Errorf("%q decodes to %v", bad, got)
		}
	}
}

// TestBodyContextParts: version, suite and context cannot run into each other.
func TestBodyContextParts(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []Suite{AES256, SM4} {
		for _, c := range []Context{nil, {"a": ""}, {"a": "b"}, {"a": "", "b": ""}} {
			sum, err := bodyContext(s, c)
			if err != nil || seen[string(sum)] {
				t.Fatal(s, c, err)
			}
			seen[string(sum)] = true
		}
	}
}

func TestKMSStanza(t *testing.T) {
	k := KMSStanza{KeyARN: "acs:kms:cn-hangzhou:1:key/a", KeyVersionID: "-", Protocol: ProtocolInstance,
		Params: map[string]string{"iv": "AAEC", "algorithm": "AES_GCM"}, Blob: []byte{1, 2}}
	s, err := k.Stanza()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{k.KeyARN, "-", "instance", "algorithm=AES_GCM", "iv=AAEC"}; !slices.Equal(s.Args, want) {
		t.Errorf("%q, want %q", s.Args, want)
	}
	back, err := ParseKMSStanza(s)
	if err != nil || !maps.Equal(back.Params, k.Params) || back.KeyARN != k.KeyARN || back.Protocol != k.Protocol {
		t.Errorf("%+v, %v", back, err)
	}
	for name, bad := range map[string]KMSStanza{
		"no key":      {KeyVersionID: "v", Protocol: "p", Blob: []byte{1}},
		"no version":  {KeyARN: "k", Protocol: "p", Blob: []byte{1}},
		"no protocol": {KeyARN: "k", KeyVersionID: "v", Blob: []byte{1}},
		"no blob":     {KeyARN: "k", KeyVersionID: "v", Protocol: "p"},
		"a space":     {KeyARN: "k k", KeyVersionID: "v", Protocol: "p", Blob: []byte{1}},
		"a pair":      {KeyARN: "k", KeyVersionID: "v", Protocol: "p=1", Blob: []byte{1}},
	} {
		if s, err := bad.Stanza(); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if _, err := ParseKMSStanza(&Stanza{Type: "age"}); !errors.Is(err, ErrIncorrectIdentity) {
		t.Error(err)
	}
}
