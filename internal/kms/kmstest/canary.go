package kmstest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

// CanaryPlain is a plaintext that no error, log or URL may hold.
const CanaryPlain = "canary-plaintext-51ab"

// KMSError asserts that err is an *Error and holds no canary.
func KMSError(t *testing.T, err error) *kms.Error {
	t.Helper()
	var e *kms.Error
	if !errors.As(err, &e) {
		t.Fatalf("not an *Error: %v", err)
	}
	Without(t, "error", fmt.Sprintf("%v %+v %#v", err, *e, e.Cause), CanaryPlain, "Y2FuYXJ5LXBsYWludGV4dC01MWFi", CanarySecret, CanaryToken, "Plaintext=")
	return e
}

// HangUp closes the connection under the handler.
func HangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}
