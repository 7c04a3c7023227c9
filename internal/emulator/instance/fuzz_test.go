package instance_test

import (
	"net/http"
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// FuzzBody sends any bytes, properly signed: the answer is a message or an Error.
func FuzzBody(f *testing.F) {
	good, err := proto.Marshal(message)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "Encrypt")
	f.Add([]byte{0xff}, "Decrypt")
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f}, "Encrypt")
	h := newHost(f)
	f.Fuzz(func(t *testing.T, body []byte, api string) {
		r := request(t, message, func(r *http.Request) {
			replaceBody(r, body)
			r.Header.Set(dkms.HeaderAPIName, api)
		})
		w := h.do(r)
		if w.Code == 200 {
			if err := proto.Unmarshal(w.Body.Bytes(), new(dkms.EncryptResponse)); err != nil {
				t.Fatal(err)
			}
			return
		}
		if w.Header().Get("Content-Type") == dkms.ContentType {
			refusal(t, w)
		}
	})
}
