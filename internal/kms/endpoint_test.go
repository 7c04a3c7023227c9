package kms

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
			} else {
				without(t, "error", err.Error(), "user:pw")
			}
		} else if err != nil || e.String() != want {
			t.Errorf("%s: %s %v", given, e, err)
		}
	}
}

func TestDefaultEndpoints(t *testing.T) {
	if e, err := publicEndpoint("", "cn-hangzhou"); err != nil || e.String() != "https://kms.cn-hangzhou.aliyuncs.com" {
		t.Error(e, err)
	}
	if e, err := instanceEndpoint("", "kst-hzz65f176a0ogplgq1234"); err != nil || e.String() != "https://kst-hzz65f176a0ogplgq1234.cryptoservice.kms.aliyuncs.com" {
		t.Error(e, err)
	}
	for _, bad := range []string{"", "x/../evil.com#", "UPPER", "a b"} {
		if _, err := publicEndpoint("", bad); err == nil {
			t.Errorf("region %q", bad)
		}
	}
	if _, err := instanceEndpoint("", "kst-1.evil.com/"); err == nil {
		t.Error("instance id")
	}
}

func TestClientKeyNeedsTLS(t *testing.T) {
	_, err := NewClientKey(ClientKeyConfig{Connection: Connection{Endpoint: "http://127.0.0.1:1"}, Key: testClientKey(t)})
	if err == nil || !strings.Contains(err.Error(), "https only") {
		t.Error(err)
	}
}

func TestCAErrorsSayWhatToDo(t *testing.T) {
	now := time.Now()
	ca, _ := mint(t, now.Add(time.Hour), "x")
	text := pemOf(ca.Certificates[0])
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, c := range map[string]struct {
		file string
		now  time.Time
		want string
	}{
		"missing":   {filepath.Join(dir, "none.pem"), now, "does not exist"},
		"directory": {dir, now, "reading the CA file"},
		"not PEM":   {write("a", "hello"), now, "not a PEM certificate"},
		"empty":     {write("b", ""), now, "not a PEM certificate"},
		"a key":     {write("c", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), now, "only CERTIFICATE"},
		"damaged":   {write("d", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), now, "cannot be read"},
		"expired":   {write("e", string(text)), now.Add(48 * time.Hour), "expired on"},
		"too early": {write("f", string(text)), now.Add(-48 * time.Hour), "clock"},
	} {
		if _, err := ReadCA(c.file, c.now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := ReadCA(write("ok", "text before\n"+string(text)+string(text)), now)
	if err != nil || len(got.Certificates) != 2 || got.Subject() != "CN=kmsplan test CA" || !got.NotAfter().Equal(ca.NotAfter()) {
		t.Error(got, err)
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
		if e.scheme != "https" && !(e.scheme == "http" && e.loopback) {
			t.Errorf("%q became %s", given, e)
		}
		if again, err := parseEndpoint(e.String()); err != nil || again != e {
			t.Errorf("%q: %s, then %s %v", given, e, again, err)
		}
	})
}

func FuzzCA(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if ca, err := ParseCA(text, "fuzz", time.Now()); err == nil && (ca.NotAfter().IsZero() || len(ca.Certificates) == 0) {
			t.Error("an empty CA was accepted")
		}
	})
}
