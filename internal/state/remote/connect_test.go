package remote_test

import (
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

func TestOnlyThisMachineIsSpokenToInClear(t *testing.T) {
	for address, want := range map[string]bool{
		"https://store.example": true, "http://127.0.0.1:9000": true, "http://[::1]:9000": true, "http://localhost": true,
		"http://store.example": false, "http://10.0.0.1": false, "http://localhost.example": false, "ftp://127.0.0.1": false, "store.example": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := remote.Encrypted(u); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestAClientFollowsNoRedirectAndNoOldTLS(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	server := httptest.NewUnstartedServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := remote.Client("http backend", ca)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Get(server.URL)
	if err != nil || answer.StatusCode != http.StatusTemporaryRedirect {
		t.Fatalf("%v, %v", answer, err)
	}
	answer.Body.Close()

	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	defer old.Close()
	if answer, err = client.Get(old.URL); err == nil {
		answer.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
}

func TestACAFileThatHoldsNoneIsNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + ".gone"} {
		if _, err := remote.Transport("s3 backend", file); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "s3 backend") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
