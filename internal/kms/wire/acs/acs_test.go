package acs_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"

	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

const secret = "AccessKeySecretOfTests"

func sample() acs.Request {
	return acs.Request{
		Method: "POST",
		Path:   "/",
		Host:   "127.0.0.1:34211",
		Query:  url.Values{"Description": {"a b+c*d~/中"}, "Empty": {""}, "Tags": {`[{"TagKey":"k"}]`}},
		Header: http.Header{
			"X-Acs-Action":          {"CreateKey"},
			"X-Acs-Version":         {"2016-01-20"},
			"X-Acs-Date":            {"2026-11-24T01:57:08Z"},
			"X-Acs-Signature-Nonce": {"0123456789abcdef"},
			"X-Acs-Content-Sha256":  {acs.HashBody(nil)},
			"User-Agent":            {"not signed"},
		},
	}
}

// vendorRequest is the same request in the vendor's SDK.
func vendorRequest(r acs.Request) *dara.Request {
	v := dara.NewRequest()
	v.Method, v.Pathname = &r.Method, &r.Path
	v.Headers["host"] = &r.Host
	for name, values := range r.Header {
		v.Headers[strings.ToLower(name)] = &values[0]
	}
	for name, values := range r.Query {
		v.Query[name] = &values[0]
	}
	return v
}

func TestACS3AgreesWithVendorSDK(t *testing.T) {
	r := sample()
	payload := acs.HashBody(nil)
	want := dara.StringValue(openapiutil.GetAuthorization(vendorRequest(r), dara.String(string(acs.ACS3)), &payload, dara.String("AK"), dara.String(secret)))
	if got := r.Authorize(acs.ACS3, "AK", secret, acs.Scope{}); got != want {
		t.Fatalf("ours   %s\nvendor %s", got, want)
	}
}

func TestRPCAgreesWithVendorSDK(t *testing.T) {
	params := url.Values{"Action": {"CreateKey"}, "Description": {"a b+c*d~/中 é&=%"}, "Empty": {""}, "Signature": {"ignored"}, "Tag.1.Key": {"k"}}
	vendor := map[string]*string{}
	for name, values := range params {
		if name != "Signature" {
			vendor[name] = &values[0]
		}
	}
	want := dara.StringValue(openapiutil.GetRPCSignature(vendor, dara.String("POST"), dara.String(secret)))
	if got := acs.SignRPC("POST", params, secret); got != want {
		t.Fatalf("ours %s, vendor %s", got, want)
	}
	params.Set("Signature", want)
	if !acs.VerifyRPC("POST", params, secret) || acs.VerifyRPC("GET", params, secret) || acs.VerifyRPC("POST", params, "other") {
		t.Fatal("VerifyRPC is wrong about method or secret")
	}
	params.Set("Signature", want+"\n")
	if acs.VerifyRPC("POST", params, secret) {
		t.Fatal("a second spelling of the signature was accepted")
	}
}

func TestScopeRegion(t *testing.T) {
	for host, want := range map[string]string{
		"kms.cn-hangzhou.aliyuncs.com":              "cn-hangzhou",
		"127.0.0.1:8443":                            "center",
		"kst-x.cryptoservice.kms.aliyuncs.com":      "center",
		"kms-vpc.ap-southeast-1.aliyuncs.com":       "ap-southeast-1",
		"localhost":                                 "center",
		"kms.cn-hangzhou.aliyuncs.com.evil.example": "center",
	} {
		if got := acs.ScopeRegion(host); got != want {
			t.Errorf("ScopeRegion(%q) = %q, want %q", host, got, want)
		}
	}
}

// TestEverySignedPartIsCovered changes each part of a signed request in turn.
func TestEverySignedPartIsCovered(t *testing.T) {
	for _, algorithm := range []acs.Algorithm{acs.ACS3, acs.ACS4} {
		scope := acs.Scope{Date: "20261124", Region: "center", Product: "Kms"}
		signed := sample()
		value := signed.Authorize(algorithm, "AK", secret, scope)
		a, err := acs.ParseAuthorization(value)
		if err != nil || a.String() != value {
			t.Fatalf("%s: parsing our own header: %v", algorithm, err)
		}
		if !a.Verify(signed, secret) {
			t.Fatalf("%s: our own signature is refused", algorithm)
		}
		changes := map[string]func(*acs.Request, *acs.Authorization){
			"method": func(r *acs.Request, _ *acs.Authorization) { r.Method = "GET" },
			"path":   func(r *acs.Request, _ *acs.Authorization) { r.Path = "/x" },
			"host":   func(r *acs.Request, _ *acs.Authorization) { r.Host = "127.0.0.1:34212" },
			"value":  func(r *acs.Request, _ *acs.Authorization) { r.Query.Set("Empty", "x") },
			"name":   func(r *acs.Request, _ *acs.Authorization) { r.Query.Del("Empty"); r.Query.Set("empty", "") },
			"twice":  func(r *acs.Request, _ *acs.Authorization) { r.Query.Add("Empty", "") },
			"dropped header name": func(_ *acs.Request, a *acs.Authorization) {
				a.SignedHeaders = slices.DeleteFunc(slices.Clone(a.SignedHeaders), func(n string) bool { return n == "x-acs-action" })
			},
			"signature": func(_ *acs.Request, a *acs.Authorization) { a.Signature[31] ^= 1 },
		}
		for name := range signed.Header {
			if name != "User-Agent" {
				changes[name] = func(r *acs.Request, _ *acs.Authorization) { r.Header.Set(name, r.Header.Get(name)+"x") }
			}
		}
		if algorithm == acs.ACS4 {
			changes["scope date"] = func(_ *acs.Request, a *acs.Authorization) { a.Scope.Date = "20261125" }
			changes["scope region"] = func(_ *acs.Request, a *acs.Authorization) { a.Scope.Region = "cn-hangzhou" }
			changes["scope product"] = func(_ *acs.Request, a *acs.Authorization) { a.Scope.Product = "kms" }
		}
		for name, change := range changes {
			r := sample()
			b, _ := acs.ParseAuthorization(value)
			change(&r, &b)
			if b.Verify(r, secret) {
				t.Errorf("%s: a changed %s is accepted", algorithm, name)
			}
		}
	}
}

func TestUnsignedHeadersAreNamed(t *testing.T) {
	r := sample()
	a, _ := acs.ParseAuthorization(r.Authorize(acs.ACS3, "AK", secret, acs.Scope{}))
	r.Header.Set("X-Acs-Security-Token", "t")
	if got := a.Unsigned(r); !slices.Equal(got, []string{"x-acs-security-token"}) {
		t.Fatalf("Unsigned = %v", got)
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	good := sample().Authorize(acs.ACS3, "AK", secret, acs.Scope{})
	v4 := sample().Authorize(acs.ACS4, "AK", secret, acs.Scope{Date: "20261124", Region: "center", Product: "Kms"})
	for name, value := range map[string]string{
		"empty":              "",
		"bearer":             "Bearer x",
		"SM3":                strings.Replace(good, "SHA256", "SM3", 1),
		"RSA":                strings.Replace(good, "HMAC", "RSA", 1),
		"no credential":      strings.Replace(good, "Credential=AK,", "", 1),
		"two credentials":    strings.Replace(good, "Credential=AK,", "Credential=AK,Credential=B,", 1),
		"unknown part":       good + ",More=1",
		"upper-case hex":     good[:len(good)-64] + strings.ToUpper(good[len(good)-64:]),
		"short signature":    good[:len(good)-2],
		"unsorted headers":   strings.Replace(good, "host;x-acs-action", "x-acs-action;host", 1),
		"header twice":       strings.Replace(good, "host;", "host;host;", 1),
		"mixed case header":  strings.Replace(good, "host;", "Host;", 1),
		"scope end":          strings.Replace(v4, "aliyun_v4_request", "aliyun_v3_request", 1),
		"scope without date": strings.Replace(v4, "/20261124/", "//", 1),
		"many headers":       strings.Replace(good, "host;", "host;"+strings.Repeat("x;", 100), 1),
	} {
		if _, err := acs.ParseAuthorization(value); err == nil {
			t.Errorf("%s: accepted %q", name, value)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add(sample().Authorize(acs.ACS3, "AK", secret, acs.Scope{}))
	f.Add(sample().Authorize(acs.ACS4, "AK", secret, acs.Scope{Date: "20261124", Region: "center", Product: "Kms"}))
	f.Add("ACS3-HMAC-SHA256 Credential=,SignedHeaders=;,Signature=")
	f.Fuzz(func(t *testing.T, value string) {
		a, err := acs.ParseAuthorization(value)
		if err != nil {
			return
		}
		again, err := acs.ParseAuthorization(a.String())
		if err != nil || again.String() != a.String() {
			t.Fatalf("%q does not survive a round trip: %v", value, err)
		}
		if a.Verify(sample(), secret) && a.AccessKeyID == "" {
			t.Fatal("verified without an AccessKey id")
		}
	})
}
