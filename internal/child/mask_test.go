package child

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func masked(t *testing.T, values []string, parts ...string) string {
	t.Helper()
	s, err := NewSecrets(values)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	m := s.Masked(&out)
	for _, p := range parts {
		if n, err := m.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := m.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestMask(t *testing.T) {
	for name, tt := range map[string]struct {
		values []string
		parts  []string
		want   string
	}{
		"whole":            {[]string{"secret"}, []string{"a secret b"}, "a *** b"},
		"in parts":         {[]string{"secret"}, []string{"a s", "ec", "", "ret b"}, "a *** b"},
		"begun":            {[]string{"secret"}, []string{"a sec", "ond b secre"}, "a second b secre"},
		"twice":            {[]string{"secret"}, []string{"secretsecret secret"}, "*** ***"},
		"one in another":   {[]string{"secret", "topsecretword"}, []string{"secret topsecretword topsecretwor"}, "*** *** top***wor"},
		"over each other":  {[]string{"abcdef", "defghi"}, []string{"xabcdefghix"}, "x***x"},
		"begins again":     {[]string{"aaab"}, []string{"aaaaaab", "aaac"}, "aaa***aaac"},
		"too short":        {[]string{"abc"}, []string{"abc"}, "abc"},
		"lines":            {[]string{"first-line\nsecond-line\n"}, []string{"  first-line\r\n  second-line"}, "  ***\r\n  ***"},
		"whole over lines": {[]string{"first-line\nsecond-line\n"}, []string{"<first-line\nsecond-line\n>"}, "<***>"},
		"quoted":           {[]string{"pass\"word\n"}, []string{`{"x": "pass\"word\n"}`}, `{"x": "***"}`},
		"in a URL":         {[]string{"p&ss word"}, []string{"?a=p%26ss+word&b", " /p&ss%20word/"}, "?a=***&b /***/"},
	} {
		if got := masked(t, tt.values, tt.parts...); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestMaskOfForms: a value is found wherever it begins in something that is printed in base64, and in hexadecimal.
func TestMaskOfForms(t *testing.T) {
	const value = "correct horse battery"
	for before := range 7 {
		text := strings.Repeat("x", before) + value + "yy"
		for name, form := range map[string]string{
			"base64": base64.StdEncoding.EncodeToString([]byte(text)), "URL": base64.URLEncoding.EncodeToString([]byte(text)),
			"raw": base64.RawStdEncoding.EncodeToString([]byte(text)), "hex": hex.EncodeToString([]byte(text)),
		} {
			got := masked(t, []string{value}, form[:5], form[5:])
			if !strings.Contains(got, "***") || len(got) > len(form)-len(value)+3 {
				t.Errorf("%s behind %d bytes: %s became %s", name, before, form, got)
			}
		}
	}
	if got := masked(t, []string{value}, base64.StdEncoding.EncodeToString([]byte(value))); got != "***" {
		t.Error(got)
	}
}

// TestMaskInEveryPiece cuts random outputs anywhere: what comes out does not depend on where.
func TestMaskInEveryPiece(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		values := []string{word(r, 4+r.IntN(3)), word(r, 4+r.IntN(5))}
		text := word(r, 40)
		whole := masked(t, values, text)
		var parts []string
		for rest := text; rest != ""; {
			n := 1 + r.IntN(len(rest))
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		if got := masked(t, values, parts...); got != whole {
			t.Fatalf("%q of %q: %q in parts %q, %q whole", values, text, got, parts, whole)
		}
		for _, v := range values {
			if strings.Contains(whole, v) {
				t.Fatalf("%q is still in %q", v, whole)
			}
		}
	}
}

func word(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		fmt.Fprint(&b, string(rune('a'+r.IntN(2))))
	}
	return b.String()
}

func TestTooMuchIsNotMasked(t *testing.T) {
	if _, err := NewSecrets([]string{strings.Repeat("x", maxSecrets)}); err == nil {
		t.Error("it was")
	}
}
