package kms_test

import (
	"context"
	"net/http"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

func TestRedirectIsRefused(t *testing.T) {
	elsewhere := kmstest.Serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { kmstest.Reply(w, 200, `{"RequestId":"R"}`) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		g := kmstest.Serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, elsewhere.URL+"/x", status)
		})
		e := kmstest.KMSError(t, sealCanary(connectPublic(t, g)))
		if e.Code != kms.CodeRedirect || e.Attempts != 1 || e.Status != status {
			t.Errorf("%d: %+v", status, e)
		}
		if _, err := connectInstance(t, g).GenerateRandom(context.Background(), 8); !kms.HasCode(err, kms.CodeRedirect) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if n := len(elsewhere.Seen()); n != 0 {
		t.Errorf("followed %d times", n)
	}
}
