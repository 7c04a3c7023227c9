package kms_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
)

const canary = "canary-plaintext-51ab"

func TestSecretNeverPrints(t *testing.T) {
	type exported struct{ S kms.Secret }
	type unexported struct{ s kms.Secret }
	type pointer struct{ p *kms.Secret }
	s := kms.NewSecret(canary)
	values := []any{s, &s, exported{s}, &exported{s}, unexported{s}, &unexported{s}, pointer{&s}, []kms.Secret{s},
		map[string]kms.Secret{"k": s}, kms.DataKey{Plaintext: s}, kms.SecretValue{Data: s}, kms.Credential{AccessKeySecret: s},
		kms.CreateSecretInput{Value: s}, kms.PutSecretValueInput{Value: s}, clientkey.Source{Password: s, Content: s},
		kms.StaticCredentials("id", s, s)}
	hexes := []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))}
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
	s := kms.NewSecret("value")
	if s.Reveal() != "value" || s.Len() != 5 || s.Empty() || s.String() != kms.Redacted {
		t.Error(s.Reveal(), s.Len())
	}
	var zero kms.Secret
	if !zero.Empty() || zero.Reveal() != "" || zero.String() != "" || !zero.Equal(kms.NewSecret("")) {
		t.Error("zero")
	}
	if !s.Equal(kms.NewSecret("value")) || s.Equal(kms.NewSecret("valuf")) || s.Equal(zero) {
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
		if got := kms.Scrub(in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
	if long := kms.Scrub(strings.Repeat("ü", 5000)); len(long) > 600+8 {
		t.Error(len(long))
	}
}
