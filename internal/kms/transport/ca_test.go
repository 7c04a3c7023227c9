package transport_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

func TestCAErrorsSayWhatToDo(t *testing.T) {
	now := time.Now()
	ca, _ := kmstest.Mint(t, now.Add(time.Hour), "x")
	text := kmstest.PEMOf(ca.Certificates[0])
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
		if _, err := transport.ReadCA(c.file, c.now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := transport.ReadCA(write("ok", "text before\n"+string(text)+string(text)), now)
	if err != nil || len(got.Certificates) != 2 || got.Subject() != "CN=CA of the tests" || !got.NotAfter().Equal(ca.NotAfter()) {
		t.Error(got, err)
	}
}

func FuzzCA(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if ca, err := transport.ParseCA(text, "fuzz", time.Now()); err == nil && (ca.NotAfter().IsZero() || len(ca.Certificates) == 0) {
			t.Error("an empty CA was accepted")
		}
	})
}
