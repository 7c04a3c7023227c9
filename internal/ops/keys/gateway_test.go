package keys

import (
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
)

// TestStanzasOfGateways: what a gateway wrapped goes into a header and comes back with everything that opens it, by
// the names of docs/envelope-format.md §4.2.
func TestStanzasOfGateways(t *testing.T) {
	known := Gateway{Name: "g", Region: "cn-hangzhou", Account: "123"}
	for name, tt := range map[string]struct {
		g    Gateway
		w    kms.Wrapped
		args string
	}{
		"openapi":            {known, kms.Wrapped{KeyID: "key-a", KeyVersionID: "v1", Protocol: kms.ProtocolOpenAPI}, "acs:kms:cn-hangzhou:123:key/key-a v1 openapi"},
		"advance":            {known, kms.Wrapped{KeyID: "key-a", KeyVersionID: "v1", Protocol: kms.ProtocolAdvance}, "acs:kms:cn-hangzhou:123:key/key-a v1 instance-advance"},
		"account not known":  {Gateway{Region: "r"}, kms.Wrapped{KeyID: "key-a", Protocol: kms.ProtocolAdvance}, "key-a - instance-advance"},
		"an ARN already":     {known, kms.Wrapped{KeyID: "acs:kms:r:1:key/key-a", Protocol: kms.ProtocolAdvance}, "acs:kms:r:1:key/key-a - instance-advance"},
		"plain":              {known, kms.Wrapped{KeyID: "key-a", Protocol: kms.ProtocolPlain, Algorithm: "AES_GCM", IV: []byte{1, 2}}, "acs:kms:cn-hangzhou:123:key/key-a - instance algorithm=AES_GCM iv=AQI"},
		"plain with padding": {known, kms.Wrapped{KeyID: "key-a", Protocol: kms.ProtocolPlain, Algorithm: "AES_CBC", IV: []byte{1}, PaddingMode: "PKCS7"}, "acs:kms:cn-hangzhou:123:key/key-a - instance algorithm=AES_CBC iv=AQ padding=PKCS7"},
	} {
		tt.w.Blob = []byte("blob")
		described, err := tt.g.kmsStanza(tt.w)
		if err != nil {
			t.Fatal(err)
		}
		s, err := described.Stanza()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(s.Args); got != "["+tt.args+"]" {
			t.Errorf("%s: %v, want %s", name, got, tt.args)
		}
		k, err := envelope.ParseKMSStanza(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wrapped(k, 32)
		want := tt.w
		want.KeyID, want.Size = KeyID(want.KeyID), 32
		if err != nil || fmt.Sprintf("%+v", back) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: %+v came back as %+v, %v", name, want, back, err)
		}
	}
	if _, err := known.kmsStanza(kms.Wrapped{KeyID: "k", Blob: []byte("b"), Protocol: "carrier pigeon"}); err == nil {
		t.Error("a protocol without a name was written")
	}
	_, err := wrapped(envelope.KMSStanza{Protocol: "carrier pigeon"}, 32)
	wants(t, err, "upgrade kmsplan")
	_, err = wrapped(envelope.KMSStanza{Protocol: envelope.ProtocolInstance, Params: map[string]string{"iv": "=="}}, 32)
	wants(t, err, "not base64")
}

func TestKeyID(t *testing.T) {
	for arn, want := range map[string]string{"acs:kms:r:1:key/a": "a", "a": "a", "": "", "alias/x": "alias/x"} {
		if KeyID(arn) != want {
			t.Errorf("%s: %s", arn, KeyID(arn))
		}
	}
}

// wants demands an error that says that.
func wants(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one that says %q", err, text)
	}
}
