package kms

import (
	"encoding/json"
	"net/http"
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Whatever a server answers: no panic, a success only for a JSON object, a 5xx
// or a foreign answer never definite, and no secret in the text.
func FuzzPublicAnswer(f *testing.F) {
	f.Add(200, []byte(describedKey), "application/json")
	f.Add(404, []byte(`{"Code":"Forbidden.KeyNotFound","Message":"no","RequestId":"R"}`), "application/json")
	f.Add(502, []byte("<html>"+canaryPlain), "text/html")
	f.Add(400, []byte(`{"code":"`+canaryPlain+`"}`), "")
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType string) {
		if status < 200 || status > 599 {
			return
		}
		header := http.Header{"Content-Type": {contentType}, "Retry-After": {contentType}, "Date": {contentType}, "X-Ratelimit-User": {contentType}}
		_, e := readPublicAnswer(&Error{Gateway: GatewayPublic, Operation: "CreateKey"}, answer{status, header, body}, []string{canaryPlain})
		if e == nil {
			if status >= 300 || !json.Valid(body) {
				t.Errorf("%d %q is a success", status, body)
			}
			return
		}
		without(t, "error", e.Error(), canaryPlain)
		if e.Code == "" || e.Outcome == Definite && (status >= 500 || status < 400) || e.RetryAfter < 0 {
			t.Errorf("%d %q: %+v", status, body, e)
		}
	})
}

func FuzzInstanceAnswer(f *testing.F) {
	said, err := proto.Marshal(&dkms.Error{ErrorCode: "Forbidden.KeyNotFound", ErrorMessage: "no", RequestId: "R"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(404, said, dkms.ContentType)
	f.Add(200, []byte("<html>"), "text/html")
	f.Add(413, []byte("None"), "")
	c, err := NewClientKey(ClientKeyConfig{Connection: Connection{Endpoint: "127.0.0.1:1"}, Key: testClientKey(f)})
	if err != nil {
		f.Fatal(err)
	}
	in := &dkms.AdvanceEncryptRequest{KeyId: "k", Plaintext: []byte(canaryPlain)}
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType string) {
		a := answer{status, http.Header{"Content-Type": {contentType}}, body}
		var out dkms.AdvanceEncryptResponse
		e := c.read(c.operations["AdvanceEncrypt"], "k", a, in, &out)
		if e == nil {
			if status != 200 {
				t.Errorf("%d is a success", status)
			}
			w := c.wrapped(out.KeyId, out.KeyVersionId, out.CiphertextBlob, out.Iv, out.Algorithm, out.PaddingMode)
			if w.Protocol == ProtocolAdvance && len(w.Blob) == 0 {
				t.Errorf("%q became an empty blob", out.CiphertextBlob)
			}
			return
		}
		without(t, "error", e.Error(), canaryPlain)
		if e.Code == "" || e.Outcome == Definite && status >= 500 {
			t.Errorf("%d %q: %+v", status, body, e)
		}
	})
}
