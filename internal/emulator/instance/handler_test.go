package instance_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/instance"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

var clientKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

var start = time.Date(2026, 11, 24, 2, 11, 10, 0, time.UTC)

// host is an instance's host over a table of its own.
type host struct {
	*instance.Handler
	now    time.Time
	calls  *calllog.Log
	faults *fault.Injector
	last   engine.Call
}

const keyID = "KAAP.9c84ad54"

func newHost(t testing.TB) *host {
	t.Helper()
	h := &host{now: start, calls: calllog.New(0, nil), faults: fault.New([]string{"Encrypt", "GetSecretValue"}, nil)}
	der, err := x509.MarshalPKIXPublicKey(&clientKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return h.now }
	both := exchange.Config{Now: now, WireNow: now, NewRequestID: func() string { return "REQUEST-1" }, Throttle: throttle.New(throttle.Profile{}, now),
		Faults: h.faults, Calls: h.calls, Logger: slog.New(slog.DiscardHandler)}
	h.Handler = instance.New(instance.Config{
		Operations: map[string]engine.InstanceOperation{
			"Encrypt": {Name: "Encrypt", New: func() proto.Message { return new(dkms.EncryptRequest) }, Handle: h.encrypt},
		},
		ClientKey: func(id string) (engine.ClientKey, bool) {
			return engine.ClientKey{ID: keyID, AccessPoint: "app", Account: "1111111111111111", Region: "cn-hangzhou", PublicKey: der,
				NotBefore: start.Add(-time.Hour), NotAfter: start.Add(time.Hour)}, id == keyID
		},
		Instance: func(host string) string { return "kst-of-" + host },
		Verify:   true, Config: both,
		Dedicated: public.New(public.Config{
			Operations: map[string]engine.Operation{
				"CreateKey": {Name: "CreateKey", New: func() any { return new(struct{}) }},
				"Encrypt": {Name: "Encrypt", Dedicated: true, New: func() any { return new(struct{}) }, Handle: func(_ *engine.Engine, c *engine.Call, _ any) (any, error) {
					h.last = *c
					return struct{}{}, nil
				}},
			},
			Credentials: func(id string) (engine.Credential, bool) {
				return engine.Credential{AccessKeyID: "AK", Secret: "secret", Account: "1111111111111111"}, id == "AK"
			},
			DefaultRegion: "cn-hangzhou", Permits: func(*engine.Call, string, func(string) string) error { return nil }, SpeaksRAM: func(string, string) bool { return true }, Auth: public.Strict, Config: both,
		}),
	})
	return h
}

// encrypt answers by the key id: refusals, a failure, a panic, or an echo.
func (h *host) encrypt(_ *engine.Engine, c *engine.Call, in proto.Message) (proto.Message, error) {
	request := in.(*dkms.EncryptRequest)
	h.last = *c
	switch request.KeyId {
	case "disabled":
		return nil, &engine.Error{Status: 409, Code: "Rejected.Disabled", Message: "no"}
	case "failing":
		return nil, &engine.Failure{Cause: fmt.Errorf("disk is full at /secret/place")}
	case "panic":
		panic("a bug")
	}
	c.KeyVersionID = "version-of-the-answer"
	return &dkms.EncryptResponse{KeyId: request.KeyId, CiphertextBlob: request.Plaintext}, nil
}

var message = &dkms.EncryptRequest{KeyId: "key-1", Plaintext: []byte("hello"), Algorithm: "AES_GCM"}

// request makes a signed request; change is applied before signing.
func request(t testing.TB, in proto.Message, change func(*http.Request)) *http.Request {
	t.Helper()
	body, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://kst-1.cryptoservice.kms.aliyuncs.com/", bytes.NewReader(body))
	for name, value := range map[string]string{
		"Accept": dkms.ContentType, "Content-Type": dkms.ContentType, "Date": start.Format(http.TimeFormat),
		dkms.HeaderContentSHA256: dkms.HashBody(body), dkms.HeaderAccessKeyID: keyID, dkms.HeaderAPIName: "Encrypt",
		dkms.HeaderAPIVersion: dkms.APIVersion, dkms.HeaderSignatureMethod: dkms.SignatureMethod,
		dkms.HeaderMigrationKeyVersionID: "version-of-the-request",
	} {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r)
	}
	value, err := dkms.Sign(clientKey(), r.Method, r.Header)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", value)
	return r
}

func (h *host) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func refusal(t testing.TB, w *httptest.ResponseRecorder) *dkms.Error {
	t.Helper()
	var e dkms.Error
	if w.Code < 400 || w.Header().Get("Content-Type") != dkms.ContentType || proto.Unmarshal(w.Body.Bytes(), &e) != nil {
		t.Fatalf("status %d, %s: not a protobuf Error: %q", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	return &e
}

func TestAnswer(t *testing.T) {
	for _, scheme := range []string{"Bearer ", "TOKEN "} {
		h := newHost(t)
		r := request(t, message, nil)
		r.Header.Set("Authorization", scheme+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		w := h.do(r)
		var out dkms.EncryptResponse
		if w.Code != 200 || proto.Unmarshal(w.Body.Bytes(), &out) != nil || out.KeyId != "key-1" || string(out.CiphertextBlob) != "hello" || out.RequestId != "REQUEST-1" {
			t.Fatalf("%s: %d %v", scheme, w.Code, &out)
		}
		if got := w.Header().Get(dkms.HeaderMigrationKeyVersionID); got != "version-of-the-answer" {
			t.Errorf("key version header %q", got)
		}
		want := engine.Call{Account: "1111111111111111", Region: "cn-hangzhou", Gateway: engine.Instance, ClientKey: keyID, RequestID: "REQUEST-1", Source: netip.MustParseAddr("192.0.2.1"),
			Instance:  "kst-of-kst-1.cryptoservice.kms.aliyuncs.com",
			Principal: "acs:kms:cn-hangzhou:1111111111111111:applicationaccesspoint/app", KeyVersionID: "version-of-the-answer"}
		if got := h.last; got.KeyVersionID != "version-of-the-request" {
			t.Errorf("the request's key version did not arrive: %+v", got)
		} else if got.KeyVersionID = want.KeyVersionID; got != want {
			t.Errorf("call %+v", got)
		}
		c := h.calls.Calls(calllog.Filter{})[0]
		if c.Key != "key-1" || c.Caller != keyID || c.Status != 200 || c.Parameters["KeyId"] != "key-1" || strings.Contains(fmt.Sprint(c), "hello") {
			t.Errorf("log %+v", c)
		}
	}
}

func TestRefusals(t *testing.T) {
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	without := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	for name, c := range map[string]struct {
		in      proto.Message
		before  func(*http.Request)
		after   func(*http.Request)
		status  int
		code    string
		message string
	}{
		"content type":            {message, set("Content-Type", "application/json"), nil, 415, "InvalidContentType", `Content-Type "application/json" is unsupported.`},
		"method":                  {message, func(r *http.Request) { r.Method = "PUT" }, nil, 400, "UnsupportedOperation", ""},
		"no date":                 {message, without("Date"), nil, 400, "MissingParameter", ""},
		"bad date":                {message, set("Date", "2026-11-24T02:11:10Z"), nil, 400, "InvalidParam", "The Param Date is invalid."},
		"old date":                {message, set("Date", start.Add(-15*time.Minute-time.Second).Format(http.TimeFormat)), nil, 400, "RequestTimeTooSkewed", "Request time exceeds server time more than 15 minutes."},
		"early date":              {message, set("Date", start.Add(15*time.Minute+time.Second).Format(http.TimeFormat)), nil, 400, "RequestTimeTooSkewed", ""},
		"no key id":               {message, without(dkms.HeaderAccessKeyID), nil, 400, "MissingParameter", "Parameter x-kms-acccesskeyid does not exist in http header or body."},
		"no API version":          {message, without(dkms.HeaderAPIVersion), nil, 400, "MissingParameter", ""},
		"API name":                {message, set(dkms.HeaderAPIName, "Hmac"), nil, 400, "InvalidApiName", `The ApiName "Hmac" is invalid.`},
		"API version":             {message, set(dkms.HeaderAPIVersion, "dkms-gcs-0.3"), nil, 400, "InvalidApiVersion", ""},
		"signature method":        {message, set(dkms.HeaderSignatureMethod, "RSA_PSS_SHA_256"), nil, 400, "InvalidParam", "The Param x-kms-signaturemethod is invalid."},
		"no content hash":         {message, without(dkms.HeaderContentSHA256), nil, 400, "MissingParameter", ""},
		"content hash":            {message, set(dkms.HeaderContentSHA256, dkms.HashBody([]byte("x"))), nil, 400, "InvalidParam", "The Param Content-SHA256 is invalid."},
		"no authorization":        {message, nil, without("Authorization"), 400, "MissingParameter", ""},
		"authorization":           {message, nil, set("Authorization", "Basic YQ=="), 400, "InvalidParam", "The Param Authorization is invalid."},
		"unknown client key":      {message, set(dkms.HeaderAccessKeyID, "KAAP.other"), nil, 404, "Unauthorized", `The AccessKey ID "KAAP.other" does not exist in our records.`},
		"signature":               {message, nil, set("Authorization", "Bearer "+base64.StdEncoding.EncodeToString(make([]byte, 256))), 401, "SignatureNotMatch", "Signature is not matched."},
		"no message":              {message, func(r *http.Request) { replaceBody(r, []byte{0xff, 0xff}) }, nil, 400, "InvalidParameter", "The specified parameter is not valid."},
		"an operation's refusal":  {&dkms.EncryptRequest{KeyId: "disabled"}, nil, nil, 409, "Rejected.Disabled", "no"},
		"an operation's failure":  {&dkms.EncryptRequest{KeyId: "failing"}, nil, nil, 500, "InternalFailure", "Internal Failure."},
		"a panic":                 {&dkms.EncryptRequest{KeyId: "panic"}, nil, nil, 500, "InternalFailure", "Internal Failure."},
		"an added x-kms- header":  {message, nil, set("X-Kms-Extra", "1"), 401, "SignatureNotMatch", ""},
		"a second API name":       {message, nil, func(r *http.Request) { r.Header.Add(dkms.HeaderAPIName, "Decrypt") }, 400, "MissingParameter", ""},
		"a removed x-kms- header": {message, nil, without(dkms.HeaderMigrationKeyVersionID), 401, "SignatureNotMatch", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			r := request(t, c.in, c.before)
			if c.after != nil {
				c.after(r)
			}
			w := h.do(r)
			e := refusal(t, w)
			if w.Code != c.status || int(e.StatusCode) != c.status || e.ErrorCode != c.code || e.RequestId != "REQUEST-1" || c.message != "" && e.ErrorMessage != c.message {
				t.Fatalf("%d %v", w.Code, e)
			}
			if logged := h.calls.Calls(calllog.Filter{Code: c.code}); len(logged) != 1 {
				t.Fatalf("log %+v", logged)
			}
		})
	}
}

func replaceBody(r *http.Request, body []byte) {
	*r = *r.Clone(r.Context())
	r.Body = http.NoBody
	r.Body = readCloser{bytes.NewReader(body)}
	r.Header.Set(dkms.HeaderContentSHA256, dkms.HashBody(body))
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

func TestExpiredClientKey(t *testing.T) {
	for _, off := range []time.Duration{-2 * time.Hour, time.Hour} {
		h := newHost(t)
		h.now = start.Add(off)
		r := request(t, message, func(r *http.Request) { r.Header.Set("Date", h.now.Format(http.TimeFormat)) })
		if e := refusal(t, h.do(r)); e.StatusCode != 404 || e.ErrorCode != "Unauthorized" {
			t.Errorf("%s: %v", off, e)
		}
	}
}

func TestTooLargeBodyGetsNone(t *testing.T) {
	for size, status := range map[int]int{dkms.MaxBody: 200, dkms.MaxBody + 1: 413} {
		h := newHost(t)
		in := &dkms.EncryptRequest{Plaintext: make([]byte, size)}
		in.Plaintext = in.Plaintext[:size-(proto.Size(in)-size)]
		if proto.Size(in) != size {
			t.Fatalf("the message has %d bytes", proto.Size(in))
		}
		w := h.do(request(t, in, nil))
		if w.Code != status || status == 413 && w.Body.Len() != 0 {
			t.Errorf("%d bytes: %d %.20q", size, w.Code, w.Body)
		}
	}
}

// TestOneFlippedBitIsRefused flips each bit of the body and of every signed
// header, the signature's own among them.
func TestOneFlippedBitIsRefused(t *testing.T) {
	h := newHost(t)
	good := request(t, message, nil)
	body, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(body) * 8 {
		damaged := slices.Clone(body)
		damaged[i/8] ^= 1 << (i % 8)
		r := good.Clone(t.Context())
		r.Body = readCloser{bytes.NewReader(damaged)}
		if w := h.do(r); w.Code < 400 {
			t.Fatalf("body with bit %d flipped is accepted", i)
		}
	}
	for name := range good.Header {
		if name == "Accept" {
			continue
		}
		for i := range len(good.Header.Get(name)) * 8 {
			r := good.Clone(t.Context())
			r.Body = readCloser{bytes.NewReader(body)}
			value := []byte(good.Header.Get(name))
			value[i/8] ^= 1 << (i % 8)
			r.Header[name] = []string{string(value)}
			if sameScheme(name, string(value), good.Header.Get(name)) {
				continue
			}
			if w := h.do(r); w.Code < 400 {
				t.Fatalf("%s with bit %d flipped is accepted: %q", name, i, value)
			}
		}
	}
}

// sameScheme tells that only the case of "Bearer" differs, which HTTP ignores.
func sameScheme(name, a, b string) bool {
	const scheme = len("Bearer")
	return name == "Authorization" && strings.EqualFold(a[:scheme], b[:scheme]) && a[scheme:] == b[scheme:]
}

func TestBothProtocolsShareThePort(t *testing.T) {
	h := newHost(t)
	signed := func(action string) *http.Request {
		r := httptest.NewRequest("POST", "https://kst-1.cryptoservice.kms.aliyuncs.com/?KeyId=k", nil)
		for name, value := range map[string]string{acs.HeaderAction: action, acs.HeaderVersion: public.Version, acs.HeaderDate: start.Format(acs.DateFormat),
			acs.HeaderNonce: "nonce" + action, acs.HeaderContentSHA256: acs.HashBody(nil)} {
			r.Header.Set(name, value)
		}
		s, err := acs.FromHTTP(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", s.Authorize(acs.ACS3, "AK", "secret", acs.Scope{}))
		return r
	}
	if w := h.do(signed("Encrypt")); w.Code != 200 || h.last.Gateway != engine.Dedicated || h.last.Instance != "kst-of-kst-1.cryptoservice.kms.aliyuncs.com" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.do(signed("CreateKey")); w.Code != 404 || !strings.Contains(w.Body.String(), "InvalidAction.NotFound") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if e := refusal(t, h.do(httptest.NewRequest("GET", "/", nil))); e.ErrorCode != "UnsupportedOperation" {
		t.Fatalf("%v", e)
	}
}
