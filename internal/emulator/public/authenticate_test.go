package public_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

func TestGoodSignaturesOfEveryKind(t *testing.T) {
	forEveryKind(t, func(t *testing.T, g *gate, algorithm acs.Algorithm, c engine.Credential) {
		for _, method := range []string{"GET", "POST"} {
			b := g.build(algorithm, c)
			b.method = method
			a := g.do(b.request("DescribeKey"))
			if a.Status != 200 || a.RequestID == "" || *g.last.Load().KeyId != "key-1" || g.call.Load().Account != c.Account || g.call.Load().Principal != c.Principal {
				t.Fatalf("%s: %d %s", method, a.Status, a.Raw)
			}
		}
		for where, move := range map[string]func(*builder){
			"form":  func(b *builder) { b.form, b.query = b.query, url.Values{} },
			"mixed": func(b *builder) { b.form = url.Values{"PageSize": {"7"}} },
		} {
			b := g.build(algorithm, c)
			move(b)
			if a := g.do(b.request("DescribeKey")); a.Status != 200 || *g.last.Load().KeyId != "key-1" {
				t.Fatalf("%s: %d %s", where, a.Status, a.Raw)
			}
		}
		b := g.build(algorithm, c)
		b.form = url.Values{"PageSize": {"7"}}
		g.do(b.request("DescribeKey"))
		if in := g.last.Load(); in.PageSize == nil || *in.PageSize != 7 || *in.KeyId != "key-1" {
			t.Fatal("query and form were not merged")
		}
	})
}

// TestOneFlippedBitIsRefused flips every bit, one at a time, of everything that
// a signature covers, and the signature's own.
func TestOneFlippedBitIsRefused(t *testing.T) {
	forEveryKind(t, func(t *testing.T, g *gate, algorithm acs.Algorithm, c engine.Credential) {
		build := func() *http.Request {
			b := g.build(algorithm, c)
			b.form = url.Values{"PageSize": {"10"}}
			return b.request("DescribeKey")
		}
		flips := 0
		flip := func(what string, get func(*http.Request) string, set func(*http.Request, string)) {
			for i := range len(get(build())) * 8 {
				r := build()
				text := []byte(get(r))
				if i/8 >= len(text) {
					break // this signature happens to need fewer percent signs
				}
				text[i/8] ^= 1 << (i % 8)
				if what == "query" && sameQuery(string(text), get(r)) {
					continue // %3d for %3D: the same parameters
				}
				set(r, string(text))
				flips++
				if a := g.do(r); a.Status < 400 {
					t.Fatalf("%s with bit %d flipped is accepted: %q", what, i, text)
				}
			}
		}
		flip("query", func(r *http.Request) string { return r.URL.RawQuery }, func(r *http.Request, s string) { r.URL.RawQuery = s })
		flip("body", body, func(r *http.Request, s string) { r.Body = io.NopCloser(strings.NewReader(s)) })
		flip("method", func(r *http.Request) string { return r.Method }, func(r *http.Request, s string) { r.Method = s })
		if algorithm == "" {
			return
		}
		flip("host", func(r *http.Request) string { return r.Host }, func(r *http.Request, s string) { r.Host = s })
		for name := range build().Header {
			flip(name, func(r *http.Request) string { return r.Header.Get(name) }, func(r *http.Request, s string) { r.Header[name] = []string{s} })
		}
		if flips < 1000 {
			t.Fatalf("only %d flips", flips)
		}
	})
}

func sameQuery(a, b string) bool {
	x, errX := url.ParseQuery(a)
	y, errY := url.ParseQuery(b)
	return errX == nil && errY == nil && x.Encode() == y.Encode()
}

func TestGetAndPostAreNotInterchangeable(t *testing.T) {
	forEveryKind(t, func(t *testing.T, g *gate, algorithm acs.Algorithm, c engine.Credential) {
		r := g.build(algorithm, c).request("DescribeKey")
		r.Method = "GET"
		if a := g.do(r); a.Code != "SignatureDoesNotMatch" || a.Status != 400 {
			t.Fatalf("%d %s", a.Status, a.Code)
		}
	})
}

func TestReplayIsRefused(t *testing.T) {
	forEveryKind(t, func(t *testing.T, g *gate, algorithm acs.Algorithm, c engine.Credential) {
		b := g.build(algorithm, c)
		again := func() *http.Request { r := b.request("DescribeKey"); return r }
		if a := g.do(again()); a.Status != 200 {
			t.Fatal(a.Raw)
		}
		g.advance(14 * time.Minute)
		if a := g.do(again()); a.Status != 400 || a.Code != "SignatureNonceUsed" {
			t.Fatalf("%d %s", a.Status, a.Code)
		}
		// The nonce is refused in a request of a new date too, until it is forgotten.
		b = g.build(algorithm, c)
		b.nonce = "again"
		if a := g.do(again()); a.Status != 200 {
			t.Fatal(a.Raw)
		}
		for minutes, code := range map[time.Duration]string{30 * time.Minute: "SignatureNonceUsed", 70 * time.Minute: ""} {
			h := newGate(t, public.Strict)
			first := h.build(algorithm, c)
			first.nonce = "n"
			h.do(first.request("DescribeKey"))
			h.advance(minutes)
			second := h.build(algorithm, c)
			second.nonce = "n"
			if a := h.do(second.request("DescribeKey")); a.Code != code {
				t.Errorf("after %s: %q, want %q", minutes, a.Code, code)
			}
		}
	})
}

func TestRefusedRequestsDoNotUseUpNonces(t *testing.T) {
	g := newGate(t, public.Strict)
	b := g.build(acs.ACS3, plainKey)
	bad := b.request("DescribeKey")
	bad.Method = "GET"
	g.do(bad)
	if a := g.do(b.request("DescribeKey")); a.Status != 200 {
		t.Fatalf("the stranger's request used the nonce up: %s", a.Code)
	}
}

func TestTimeWindow(t *testing.T) {
	forEveryKind(t, func(t *testing.T, g *gate, algorithm acs.Algorithm, c engine.Credential) {
		for off, code := range map[time.Duration]string{
			0: "", 15 * time.Minute: "", -15 * time.Minute: "",
			15*time.Minute + time.Second: "IllegalTimestamp", -15*time.Minute - time.Second: "IllegalTimestamp",
			365 * 24 * time.Hour: "IllegalTimestamp",
		} {
			b := g.build(algorithm, c)
			b.at = b.at.Add(off)
			b.scope.Date = b.at.Format("20060102")
			if a := g.do(b.request("DescribeKey")); a.Code != code {
				t.Errorf("%s off: %q, want %q", off, a.Code, code)
			}
		}
	})
}

func TestRefusalsOfSignatures(t *testing.T) {
	for name, c := range map[string]struct {
		kind   string
		before func(*builder)
		after  func(*http.Request)
		status int
		code   string
	}{
		"no credential at all":  {"ACS3", nil, func(r *http.Request) { r.Header.Del("Authorization") }, 400, "MissingAccessKeyId"},
		"unknown key, ACS3":     {"ACS3", func(b *builder) { b.cred.AccessKeyID = "LTAInobody" }, nil, 404, "InvalidAccessKeyId.NotFound"},
		"unknown key, RPC":      {"RPC", func(b *builder) { b.cred.AccessKeyID = "LTAInobody" }, nil, 404, "InvalidAccessKeyId.NotFound"},
		"wrong secret, ACS3":    {"ACS3", func(b *builder) { b.cred.Secret += "x" }, nil, 400, "SignatureDoesNotMatch"},
		"wrong secret, ACS4":    {"ACS4", func(b *builder) { b.cred.Secret += "x" }, nil, 400, "SignatureDoesNotMatch"},
		"wrong secret, RPC":     {"RPC", func(b *builder) { b.cred.Secret += "x" }, nil, 400, "SignatureDoesNotMatch"},
		"garbage authorization": {"ACS3", nil, func(r *http.Request) { r.Header.Set("Authorization", "ACS3-HMAC-SHA256 x") }, 400, "IncompleteSignature"},
		"SM3": {"ACS3", nil, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SHA256", "SM3", 1))
		}, 400, "UnsupportedSignature"},
		"RSA":                {"ACS3", nil, func(r *http.Request) { r.Header.Set("Authorization", "ACS3-RSA-SHA256 Credential=x") }, 400, "UnsupportedSignature"},
		"bearer":             {"RPC", func(b *builder) { b.query.Set("SignatureType", "BEARERTOKEN") }, nil, 400, "UnsupportedSignature"},
		"no nonce, ACS3":     {"ACS3", func(b *builder) { b.nonce = "" }, nil, 400, "IncompleteSignature"},
		"no nonce, RPC":      {"RPC", func(b *builder) { b.nonce = "" }, nil, 200, ""},
		"endless nonce":      {"ACS3", func(b *builder) { b.nonce = strings.Repeat("n", 1000) }, nil, 400, "IncompleteSignature"},
		"no signature, RPC":  {"RPC", nil, func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Signature=", "Sig=", 1) }, 400, "IncompleteSignature"},
		"other method, RPC":  {"RPC", func(b *builder) { b.query.Set("SignatureMethod", "HMAC-SHA256") }, nil, 400, "UnsupportedSignature"},
		"other version, RPC": {"RPC", func(b *builder) { b.query.Set("SignatureVersion", "2.0") }, nil, 400, "UnsupportedSignature"},
		"bad date, ACS3":     {"ACS3", func(b *builder) { b.header.Set(acs.HeaderDate, "yesterday") }, nil, 400, "IllegalTimestamp"},
		"bad date, RPC":      {"RPC", func(b *builder) { b.query.Set("Timestamp", "2026-11-24 01:57:08") }, nil, 400, "IllegalTimestamp"},
		"no date, RPC":       {"RPC", func(b *builder) { b.query.Set("Timestamp", "") }, nil, 400, "IllegalTimestamp"},
		"body and hash differ": {"ACS3", nil, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("PageSize=1"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}, 400, "IncompleteSignature"},
		"unsigned x-acs header":      {"ACS3", nil, func(r *http.Request) { r.Header.Set("X-Acs-Extra", "1") }, 400, "IncompleteSignature"},
		"session without its token":  {"RPC", func(b *builder) { b.cred = session; b.cred.SecurityToken = "" }, nil, 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		"session with another token": {"ACS3", func(b *builder) { b.cred = session; b.cred.SecurityToken = "token" }, nil, 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		"key with a token":           {"ACS3", func(b *builder) { b.cred.SecurityToken = "token" }, nil, 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		"scope of another day":       {"ACS4", func(b *builder) { b.scope.Date = "20261123" }, nil, 400, "IncompleteSignature"},
		"scope of another product":   {"ACS4", func(b *builder) { b.scope.Product = "Oss" }, nil, 400, "IncompleteSignature"},
		"scope of another region":    {"ACS4", func(b *builder) { b.scope.Region = "cn-beijing" }, nil, 400, "IncompleteSignature"},
		"scope of the endpoint": {"ACS4", func(b *builder) {
			b.host, b.scope.Region = "kms.cn-beijing.aliyuncs.com", "cn-beijing"
		}, nil, 200, ""},
		"RPC headers are not believed": {"RPC", func(b *builder) { b.header.Set(acs.HeaderAction, "EnableKey") }, nil, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, public.Strict)
			b := g.build(kinds[c.kind], plainKey)
			if c.before != nil {
				c.before(b)
			}
			r := b.request("DescribeKey")
			if c.after != nil {
				c.after(r)
			}
			a := g.do(r)
			if a.Status != c.status || a.Code != c.code {
				t.Fatalf("%d %q, want %d %q: %s", a.Status, a.Code, c.status, c.code, a.Message)
			}
			for _, secret := range []string{plainKey.Secret, session.Secret, session.SecurityToken, "Signature="} {
				if strings.Contains(a.Raw, secret) {
					t.Fatalf("the answer holds %q", secret)
				}
			}
		})
	}
}

func TestAuthModes(t *testing.T) {
	unsigned := func(caller string) *http.Request {
		return httptest.NewRequest("POST", "http://127.0.0.1/?Action=DescribeKey&Version="+public.Version+"&AccessKeyId="+caller, nil)
	}
	for mode, want := range map[public.Auth][3]int{
		public.Strict:     {400, 400, 400},
		public.Permissive: {200, 404, 400},
		public.Off:        {200, 200, 200},
	} {
		for n, caller := range []string{plainKey.AccessKeyID, "LTAInobody", ""} {
			if a := newGate(t, mode).do(unsigned(caller)); a.Status != want[n] {
				t.Errorf("%s, caller %q: %d %s, want %d", mode, caller, a.Status, a.Code, want[n])
			}
		}
	}
	if _, err := public.ParseAuth("none"); err == nil {
		t.Error("an unknown mode is accepted")
	}
}
