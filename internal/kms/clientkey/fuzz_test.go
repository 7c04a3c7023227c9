package clientkey

import (
	"net/http"
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func FuzzInstanceAnswer(f *testing.F) {
	said, err := proto.Marshal(&dkms.Error{ErrorCode: "Forbidden.KeyNotFound", ErrorMessage: "no", RequestId: "R"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(404, said, dkms.ContentType)
	f.Add(200, []byte("<html>"), "text/html")
	f.Add(413, []byte("None"), "")
	c, err := New(Config{Connection: transport.Connection{Endpoint: "127.0.0.1:1"}, Key: kmstest.ClientKey(f)})
	if err != nil {
		f.Fatal(err)
	}
	in := &dkms.AdvanceEncryptRequest{KeyId: "k", Plaintext: []byte(kmstest.CanaryPlain)}
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType string) {
		a := transport.Answer{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: body}
		var out dkms.AdvanceEncryptResponse
		e := c.read(c.operations["AdvanceEncrypt"], "k", a, in, &out)
		if e == nil {
			if status != 200 {
				t.Errorf("%d is a success", status)
			}
			w := c.wrapped(out.KeyId, out.KeyVersionId, out.CiphertextBlob, out.Iv, out.Algorithm, out.PaddingMode)
			if w.Protocol == kms.ProtocolAdvance && len(w.Blob) == 0 {
				t.Errorf("%q became an empty blob", out.CiphertextBlob)
			}
			return
		}
		kmstest.Without(t, "error", e.Error(), kmstest.CanaryPlain)
		if e.Code == "" || e.Outcome == kms.Definite && status >= 500 {
			t.Errorf("%d %q: %+v", status, body, e)
		}
	})
}
