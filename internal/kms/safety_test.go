package kms_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// §6. A server that speaks TLS 1.0 and 1.1 only is not spoken to, on either gateway.
func TestOldTLSIsRefused(t *testing.T) {
	g := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, kmstest.DescribedKey) })
	g.TLS.MinVersion, g.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	old := serveTLS(t, g.TLS)
	for name, call := range map[string]func() error{
		"public": func() error {
			_, err := connectPublic(t, g, once, func(c *public.Config) { c.Endpoint = old }).DescribeKey(context.Background(), "key-1")
			return err
		},
		"instance": func() error {
			k := connectInstance(t, g, func(c *clientkey.Config) { c.Endpoint, c.Retry.MaxAttempts = old, 1 })
			_, err := k.Encrypt(context.Background(), "key-1", []byte(kmstest.CanaryPlain), nil)
			return err
		},
	} {
		if e := kmstest.KMSError(t, call()); e.Code != kms.CodeTLS || e.Outcome != kms.Definite {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// serveTLS answers like a gateway, under another configuration of TLS.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: kmstest.Quiet(), ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { kmstest.Reply(w, 200, kmstest.DescribedKey) })}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return "https://" + l.Addr().String()
}

// §6. A data key of another length than the one asked for is refused at each gateway, and so is one
// without a wrapped form.
func TestADataKeyOfWrongLengthIsRefused(t *testing.T) {
	for _, c := range []struct {
		plaintext, blob []byte
		ok              bool
	}{
		{make([]byte, 32), []byte("b"), true}, {make([]byte, 31), []byte("b"), false}, {make([]byte, 33), []byte("b"), false},
		{nil, []byte("b"), false}, {make([]byte, 32), nil, false},
	} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			if r.Header.Get(dkms.HeaderAPIName) != "" {
				kmstest.AnswerProto(w, 200, &dkms.AdvanceGenerateDataKeyResponse{KeyId: "key-1", Plaintext: c.plaintext, CiphertextBlob: c.blob})
				return
			}
			kmstest.Reply(w, 200, fmt.Sprintf(`{"KeyId":"key-1","Plaintext":%q,"CiphertextBlob":%q}`,
				base64.StdEncoding.EncodeToString(c.plaintext), base64.StdEncoding.EncodeToString(c.blob)))
		})
		for name, from := range map[string]kms.Cryptographer{"public": connectPublic(t, g), "instance": connectInstance(t, g)} {
			if _, err := from.GenerateDataKey(context.Background(), "key-1", 32, nil); (err == nil) != c.ok || err != nil && !kms.HasCode(err, kms.CodeBadAnswer) {
				t.Errorf("%s: %d bytes, wrapped in %d: %v", name, len(c.plaintext), len(c.blob), err)
			}
		}
	}
}
