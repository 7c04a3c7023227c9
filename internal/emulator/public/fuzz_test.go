package public_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

// FuzzRequest sends any query, body and headers. Whatever comes, the answer is a
// JSON or XML document with a request id, and nothing unsigned is let in.
func FuzzRequest(f *testing.F) {
	good := newGate(f, public.Strict).build(acs.ACS3, plainKey).request("DescribeKey")
	f.Add("POST", "KeyId=1", "", good.Header.Get("Authorization"), "DescribeKey", "application/x-www-form-urlencoded")
	f.Add("GET", "Action=DescribeKey&Version=2016-01-20&AccessKeyId=LTAIplain&Signature=x&SignatureNonce=1&Timestamp=2026-11-24T01:57:08Z&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0", "", "", "", "")
	f.Add("POST", "Format=XML", "Tag.1.Key=<&EncryptionContext={}", "ACS4-HMAC-SHA256 Credential=a/b/c/d/aliyun_v4_request,SignedHeaders=host,Signature=00", "ListKeys", "application/x-www-form-urlencoded; charset=utf-8")
	strict, off := newGate(f, public.Strict), newGate(f, public.Off)
	f.Fuzz(func(t *testing.T, method, query, form, authorization, action, kind string) {
		for _, g := range []*gate{strict, off} {
			r := httptest.NewRequest("POST", "http://127.0.0.1/", strings.NewReader(form))
			r.Method, r.URL.RawQuery = method, query
			r.Header.Set("Authorization", authorization)
			r.Header.Set(acs.HeaderAction, action)
			r.Header.Set(acs.HeaderVersion, public.Version)
			r.Header.Set("Content-Type", kind)
			a := g.do(r)
			if !strings.HasPrefix(a.Raw, "<?xml") && !json.Valid([]byte(a.Raw)) || a.Header.Get("x-acs-request-id") == "" {
				t.Fatalf("answer %q", a.Raw)
			}
			if g == strict && a.Status < 400 {
				t.Fatalf("unsigned request accepted: %q %q", query, authorization)
			}
		}
	})
}
