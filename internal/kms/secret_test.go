package kms

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretNeverPrints(t *testing.T) {
	type exported struct{ S Secret }
	type unexported struct{ s Secret }
	type pointer struct{ p *Secret }
	s := NewSecret(canaryPlain)
	values := []any{s, &s, exported{s}, &exported{s}, unexported{s}, &unexported{s}, pointer{&s}, []Secret{s},
		map[string]Secret{"k": s}, DataKey{Plaintext: s}, SecretValue{Data: s}, Credential{AccessKeySecret: s},
		CreateSecretInput{Value: s}, PutSecretValueInput{Value: s}, ClientKeySource{Password: s, Content: s},
		StaticCredentials("id", s, s)}
	hexes := []string{canaryPlain, fmt.Sprintf("%x", canaryPlain), fmt.Sprintf("%X", canaryPlain), fmt.Sprint([]byte(canaryPlain))}
	for i, v := range values {
		var all strings.Builder
		for _, verb := range "vdsqxXboOtTeEfFgGcUpw" {
			for _, flag := range []string{"", "+", "#", "-40", "040", " ", ".3"} {
				fmt.Fprintf(&all, "%"+flag+string(verb)+"\n", v)
			}
		}
		fmt.Fprint(&all, v, fmt.Errorf("wrapped %v", v))
		text, _ := json.Marshal(v)
		all.Write(text)
		markup, _ := xml.Marshal(v)
		all.Write(markup)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		all.Write(log.Bytes())
		for _, canary := range hexes {
			if strings.Contains(all.String(), canary) {
				t.Errorf("value %d (%T) shows %q", i, v, canary)
			}
		}
	}
}

func TestSecretHoldsItsValue(t *testing.T) {
	s := NewSecret("value")
	if s.Reveal() != "value" || s.Len() != 5 || s.Empty() || s.String() != Redacted {
		t.Error(s.Reveal(), s.Len())
	}
	var zero Secret
	if !zero.Empty() || zero.Reveal() != "" || zero.String() != "" || !zero.Equal(NewSecret("")) {
		t.Error("zero")
	}
	if !s.Equal(NewSecret("value")) || s.Equal(NewSecret("valuf")) || s.Equal(zero) {
		t.Error("Equal")
	}
	copied := s
	s.Zero()
	if copied.Reveal() != "\x00\x00\x00\x00\x00" {
		t.Error("Zero left a copy")
	}
}

func TestScrubText(t *testing.T) {
	for in, want := range map[string]string{
		`{"AccessKeySecret":"abc\"def","x":1}`:    `{"AccessKeySecret":[redacted],"x":1}`,
		`SecurityToken=abc&Action=x`:              `SecurityToken=[redacted]&Action=x`,
		`"sts_token": "abc", "mode": "AK"`:        `"sts_token": [redacted], "mode": "AK"`,
		"Authorization: Bearer abc def":           "Authorization:[redacted]",
		"got Bearer QUJDREVGRw== here":            "got [redacted] here",
		"The specified Key is not found.":         "The specified Key is not found.",
		"The security token is invalid":           "The security token is invalid",
		"Parameter x-kms-acccesskeyid is missing": "Parameter x-kms-acccesskeyid is missing",
	} {
		if got := Scrub(in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
	if long := Scrub(strings.Repeat("ü", 5000)); len(long) > maxForeignText+8 {
		t.Error(len(long))
	}
}
