package transport

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	for given, want := range map[string]string{
		"kms.cn-hangzhou.aliyuncs.com":   "https://kms.cn-hangzhou.aliyuncs.com",
		"https://KMS.example.com:8443/":  "https://kms.example.com:8443",
		"127.0.0.1:1234":                 "https://127.0.0.1:1234",
		"http://127.0.0.1:1234":          "http://127.0.0.1:1234",
		"http://[::1]:80":                "http://[::1]:80",
		"http://localhost:1":             "http://localhost:1",
		"http://10.0.0.1":                "",
		"http://kms.example.com":         "",
		"http://127.0.0.1.evil.com":      "",
		"ftp://127.0.0.1":                "",
		"https://user:pw@127.0.0.1":      "",
		"https://host/path":              "",
		"https://host?x=1":               "",
		"https://host:99999":             "",
		"https://host:":                  "",
		"https://":                       "",
		"https://ho st":                  "",
		"http://169.254.169.254/latest/": "",
	} {
		e, err := parseEndpoint(given)
		if want == "" {
			if err == nil {
				t.Errorf("%s was accepted as %s", given, e)
			} else if strings.Contains(err.Error(), "user:pw") {
				t.Error(err)
			}
		} else if err != nil || e.String() != want {
			t.Errorf("%s: %s %v", given, e, err)
		}
	}
}

func TestDefaultEndpoints(t *testing.T) {
	if e, err := PublicEndpoint("", "cn-hangzhou"); err != nil || e.String() != "https://kms.cn-hangzhou.aliyuncs.com" {
		t.Error(e, err)
	}
	if e, err := InstanceEndpoint("", "kst-hzz65f176a0ogplgq1234"); err != nil || e.String() != "https://kst-hzz65f176a0ogplgq1234.cryptoservice.kms.aliyuncs.com" {
		t.Error(e, err)
	}
	for _, bad := range []string{"", "x/../evil.com#", "UPPER", "a b"} {
		if _, err := PublicEndpoint("", bad); err == nil {
			t.Errorf("region %q", bad)
		}
	}
	if _, err := InstanceEndpoint("", "kst-1.evil.com/"); err == nil {
		t.Error("instance id")
	}
}

func FuzzEndpoint(f *testing.F) {
	f.Add("https://kms.cn-hangzhou.aliyuncs.com:443")
	f.Add("http://[::1]:80")
	f.Fuzz(func(t *testing.T, given string) {
		e, err := parseEndpoint(given)
		if err != nil {
			return
		}
		if e.Scheme != "https" && !(e.Scheme == "http" && e.Loopback) {
			t.Errorf("%q became %s", given, e)
		}
		if again, err := parseEndpoint(e.String()); err != nil || again != e {
			t.Errorf("%q: %s, then %s %v", given, e, again, err)
		}
	})
}
