package crypt

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"testing"
)

func TestPairHalvesBelongTogether(t *testing.T) {
	for _, spec := range []string{"RSA_2048", "EC_P256", "EC_P256K"} {
		for _, format := range []string{FormatPEM, FormatDER} {
			private, public, err := GeneratePair(rand.Reader, spec, format)
			if err != nil {
				t.Fatal(err)
			}
			if format == FormatPEM {
				block, rest := pem.Decode(private)
				if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
					t.Fatalf("%s private PEM: %v", spec, block)
				}
				private = block.Bytes
				if block, _ = pem.Decode(public); block == nil || block.Type != "PUBLIC KEY" {
					t.Fatalf("%s public PEM: %v", spec, block)
				}
				public = block.Bytes
			}
			key, err := Parse(spec, private)
			if err != nil {
				t.Fatal(err)
			}
			if der, err := key.Public(); err != nil || !bytes.Equal(der, public) {
				t.Errorf("%s %s: the halves differ (%v)", spec, format, err)
			}
		}
	}
	for _, c := range [][2]string{{"EC_SM2", FormatPEM}, {"Aliyun_AES_256", FormatPEM}, {"RSA_1024", FormatDER}, {"EC_P256", "JWK"}, {"EC_P256", ""}} {
		if _, _, err := GeneratePair(rand.Reader, c[0], c[1]); !errors.Is(err, ErrPair) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestSpecTable(t *testing.T) {
	for _, c := range []struct {
		spec  string
		homes []Home
		usage string
	}{
		{"Aliyun_AES_256", []Home{DefaultKey, LegacyDefaultKey, SoftwareInstance, HardwareInstance}, UsageEncrypt},
		{"Aliyun_AES_128", []Home{HardwareInstance}, UsageEncrypt},
		{"RSA_2048", []Home{LegacyDefaultKey, SoftwareInstance, HardwareInstance}, UsageSign},
		{"RSA_4096", []Home{SoftwareInstance, HardwareInstance}, UsageSign},
		{"EC_SM2", []Home{LegacyDefaultKey, SoftwareInstance, HardwareInstance}, UsageSign},
		{"HMAC_SHA256", []Home{SoftwareInstance, HardwareInstance}, UsageMAC},
	} {
		spec, ok := SpecOf(c.spec)
		if !ok || spec.DefaultUsage() != c.usage {
			t.Errorf("%s: default usage %q, %v", c.spec, spec.DefaultUsage(), ok)
		}
		for home := DefaultKey; home <= HardwareInstance; home++ {
			want := false
			for _, h := range c.homes {
				want = want || h == home
			}
			if spec.In(home) != want {
				t.Errorf("%s in home %d: %v", c.spec, home, spec.In(home))
			}
		}
	}
	aes, _ := SpecOf("Aliyun_AES_256")
	if _, ok := aes.EncryptionFor("AES_CBC", SoftwareInstance); ok {
		t.Error("a software instance does CBC")
	}
	if alg, ok := aes.EncryptionFor("AES_CBC", HardwareInstance); !ok || alg != AESCBC {
		t.Error("a hardware instance does not do CBC")
	}
	if alg, ok := aes.EncryptionFor("", SoftwareInstance); !ok || alg != AESGCM {
		t.Error("the default is not GCM")
	}
	if _, ok := aes.SignatureFor(""); ok {
		t.Error("AES signs")
	}
	if _, ok := SpecOf("aliyun_aes_256"); ok {
		t.Error("specification names are case-sensitive")
	}
}
