package instance_test

import (
	"net/http/httptest"
	"testing"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

func TestFaultsSpeakProtobuf(t *testing.T) {
	for rule, check := range map[string]func(*httptest.ResponseRecorder) bool{
		"Encrypt:reject": func(w *httptest.ResponseRecorder) bool {
			return w.Code == 503 && refusal(t, w).ErrorCode == "ServiceUnavailableTemporary"
		},
		"Encrypt:throttle": func(w *httptest.ResponseRecorder) bool {
			return w.Code == 429 && refusal(t, w).ErrorCode == "Rejected.Throttling"
		},
		"Encrypt:clock-skew=1h": func(w *httptest.ResponseRecorder) bool { return refusal(t, w).ErrorCode == "RequestTimeTooSkewed" },
		"Encrypt:too-large":     func(w *httptest.ResponseRecorder) bool { return w.Code == 413 && w.Body.Len() == 0 },
		"Encrypt:malformed": func(w *httptest.ResponseRecorder) bool {
			return proto.Unmarshal(w.Body.Bytes(), new(dkms.EncryptResponse)) != nil
		},
		"Encrypt:corrupt": func(w *httptest.ResponseRecorder) bool {
			var out dkms.EncryptResponse
			return proto.Unmarshal(w.Body.Bytes(), &out) == nil && string(out.CiphertextBlob) == "helln" && out.RequestId == "REQUEST-1"
		},
		"Encrypt:extra-fields": func(w *httptest.ResponseRecorder) bool {
			var out dkms.EncryptResponse
			return proto.Unmarshal(w.Body.Bytes(), &out) == nil && len(out.ProtoReflect().GetUnknown()) > 0 && string(out.CiphertextBlob) == "hello"
		},
	} {
		h := newHost(t)
		if _, err := h.faults.AddText(rule); err != nil {
			t.Fatal(err)
		}
		if w := h.do(request(t, message, nil)); !check(w) || w.Header().Get(fault.Header) == "" {
			t.Errorf("%s: %d %q", rule, w.Code, w.Body)
		}
		if w := h.do(request(t, message, nil)); w.Code != 200 || w.Header().Get(fault.Header) != "" {
			t.Errorf("%s: the next call: %d", rule, w.Code)
		}
	}
}
