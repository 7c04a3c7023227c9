package public

import (
	"encoding/json"
	"net/http"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Whatever a server answers: no panic, a success only for a JSON object, a 5xx
// or a foreign answer never definite, and no secret in the text.
func FuzzPublicAnswer(f *testing.F) {
	f.Add(200, []byte(kmstest.DescribedKey), "application/json")
	f.Add(404, []byte(`{"Code":"Forbidden.KeyNotFound","Message":"no","RequestId":"R"}`), "application/json")
	f.Add(502, []byte("<html>"+kmstest.CanaryPlain), "text/html")
	f.Add(400, []byte(`{"code":"`+kmstest.CanaryPlain+`"}`), "")
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType string) {
		if status < 200 || status > 599 {
			return
		}
		header := http.Header{"Content-Type": {contentType}, "Retry-After": {contentType}, "Date": {contentType}, "X-Ratelimit-User": {contentType}}
		_, e := readAnswer(&kms.Error{Gateway: kms.GatewayPublic, Operation: "CreateKey"}, transport.Answer{Status: status, Header: header, Body: body}, []string{kmstest.CanaryPlain})
		if e == nil {
			if status >= 300 || !json.Valid(body) {
				t.Errorf("%d %q is a success", status, body)
			}
			return
		}
		kmstest.Without(t, "error", e.Error(), kmstest.CanaryPlain)
		if e.Code == "" || e.Outcome == kms.Definite && (status >= 500 || status < 400) || e.RetryAfter < 0 {
			t.Errorf("%d %q: %+v", status, body, e)
		}
	})
}
