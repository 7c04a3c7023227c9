package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
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
		s, err := tt.g.stanza(tt.w)
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
	if _, err := known.stanza(kms.Wrapped{KeyID: "k", Blob: []byte("b"), Protocol: "carrier pigeon"}); err == nil {
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

// TestEach keeps the errors in order, and after the context's end begins nothing and says why once.
func TestEach(t *testing.T) {
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	errs := Each(t.Context(), names, func(_ context.Context, name string) error {
		if name == "7" || name == "70" {
			return errors.New(name)
		}
		return nil
	})
	if fmt.Sprint(errs) != "[7 70]" {
		t.Errorf("errors %v", errs)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	errs = Each(ctx, names, func(context.Context, string) error { t.Error("something was begun"); return nil })
	if fmt.Sprint(errs) != "[enough]" {
		t.Errorf("errors %v", errs)
	}
}

// TestASlottedFileThatMayOnlyBeRead gets its new header with the whole file.
func TestASlottedFileThatMayOnlyBeRead(t *testing.T) {
	r := newRig(t)
	e, plain := r.engine(), pattern(100000, 4)
	path := r.encrypted(e, "a", plain, Seal{Key: r.aesKey()})
	p := place{r.root(), "a.enc"}
	f, info, err := openRegular(p, os.O_RDONLY)
	r.must(err)
	defer f.Close()
	h, key, err := envelope.Unlock(t.Context(), f, envelope.OpenOptions{Identities: e.identities(envelope.AES256)})
	r.must(err)
	next, err := e.putHeader(p, f, info, h, false, key, h.Stanzas)
	r.must(err)
	if next.Generation != 2 || bytes.Equal(r.read("a.enc")[:4096], make([]byte, 4096)) {
		t.Errorf("header %+v", next)
	}
	r.opens(path, plain)
}
