package public_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

func call(t *testing.T, g *gate, action string, query url.Values) answer {
	t.Helper()
	b := g.build(acs.ACS3, plainKey)
	b.query = query
	return g.do(b.request(action))
}

func TestSuccessHasTheServiceShape(t *testing.T) {
	g := newGate(t, public.Strict)
	for action, want := range map[string]string{
		"CreateKey": `^\{"RequestId":"REQUEST-\d+"\}$`,
		"ListKeys":  `^\{"RequestId":"REQUEST-\d+","Keys":\{"Key":\[\{"KeyId":"a"\},\{"KeyId":"b<"\}\]\},"TotalCount":2\}$`,
	} {
		a := call(t, g, action, nil)
		if a.Status != 200 || !regexp.MustCompile(want).MatchString(a.Raw) {
			t.Errorf("%s: %d %s", action, a.Status, a.Raw)
		}
		if a.Header.Get("Content-Type") != "application/json;charset=utf-8" || a.Header.Get("x-acs-request-id") != a.RequestID || a.Header.Get("Date") != "Tue, 24 Nov 2026 01:57:08 GMT" {
			t.Errorf("%s: headers %v", action, a.Header)
		}
	}
}

func TestRefusalsOfTheGateway(t *testing.T) {
	for name, c := range map[string]struct {
		action string
		change func(*http.Request)
		status int
		code   string
	}{
		"an operation's refusal":  {"EnableKey", nil, 409, "Rejected.StateModifiedFailed"},
		"an operation's failure":  {"CancelKeyDeletion", nil, 500, "InternalFailure"},
		"a panic":                 {"DisableKey", nil, 500, "InternalFailure"},
		"an unknown action":       {"Nonsense", nil, 404, "InvalidAction.NotFound"},
		"another path":            {"DescribeKey", func(r *http.Request) { r.URL.Path = "/x" }, 404, "InvalidAction.NotFound"},
		"another version":         {"DescribeKey", func(r *http.Request) { r.Header.Set(acs.HeaderVersion, "2016-01-21") }, 400, "InvalidVersion"},
		"no version":              {"DescribeKey", func(r *http.Request) { r.Header.Del(acs.HeaderVersion) }, 400, "MissingParameter"},
		"no action":               {"DescribeKey", func(r *http.Request) { r.Header.Del(acs.HeaderAction) }, 400, "MissingParameter"},
		"another method":          {"DescribeKey", func(r *http.Request) { r.Method = "PUT" }, 403, "UnsupportedHTTPMethod"},
		"a broken query":          {"DescribeKey", func(r *http.Request) { r.URL.RawQuery = "a=%zz" }, 400, "ParseRequestParameterException"},
		"a parameter twice":       {"DescribeKey", func(r *http.Request) { r.URL.RawQuery = "KeyId=a&KeyId=a" }, 400, "InvalidParameter"},
		"two thousand parameters": {"DescribeKey", func(r *http.Request) { r.URL.RawQuery = strings.Repeat("a&", 2000) }, 400, "ParseRequestParameterException"},
		"a body that is no form":  {"DescribeKey", func(r *http.Request) { r.Body = http.NoBody; r.Body = readCloser(`{}`) }, 400, "ParseRequestParameterException"},
		"a body of two megabytes": {"DescribeKey", func(r *http.Request) { r.Body = readCloser(strings.Repeat("x", 2<<20)) }, 413, "RequestEntityTooLarge"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, public.Strict)
			r := g.build(acs.ACS3, plainKey).request(c.action)
			if c.change != nil {
				c.change(r)
			}
			a := g.do(r)
			if a.Status != c.status || a.Code != c.code || a.RequestID == "" || a.Message == "" || a.HostID == nil {
				t.Fatalf("%d %s", a.Status, a.Raw)
			}
			if strings.Contains(a.Raw, "/secret/place") || strings.Contains(a.Raw, "a bug") {
				t.Fatal("the answer tells the cause of a failure")
			}
			if calls := g.calls.Calls(calllog.Filter{Code: c.code}); len(calls) != 1 || calls[0].Status != c.status {
				t.Fatalf("the log has %+v", calls)
			}
		})
	}
}

func TestParametersAreDecodedAndUnreadOnesReported(t *testing.T) {
	g := newGate(t, public.Strict)
	a := call(t, g, "DescribeKey", url.Values{"KeyId": {"k"}, "PageSize": {"20"}, "EncryptionContext": {`{"a":"1"}`}, "ResourceId.1": {"x"},
		"Tag.1.Key": {"t"}, "Nested.CustomData": {"c"}, "Tomorrow": {"s3cret"}})
	in := g.last.Load()
	if a.Status != 200 || *in.PageSize != 20 || in.EncryptionContext["a"] != "1" || in.ResourceId[0] != "x" || *in.Tag[0].Key != "t" || *in.Nested.CustomData != "c" {
		t.Fatalf("%s %+v", a.Raw, in)
	}
	logged := g.calls.Calls(calllog.Filter{})[0]
	if !slices.Equal(logged.Unread, []string{"Tomorrow"}) || logged.Key != "k" || logged.Parameters["PageSize"] != "20" || len(logged.Parameters) != 2 {
		t.Fatalf("%+v", logged)
	}
	if a := call(t, g, "DescribeKey", url.Values{"PageSize": {"many"}}); a.Code != "InvalidParameter" || !strings.Contains(a.Message, "PageSize") {
		t.Fatal(a.Raw)
	}
}

func TestQueryAndFormMustAgree(t *testing.T) {
	g := newGate(t, public.Strict)
	for form, status := range map[string]int{"key-1": 200, "key-2": 400} {
		b := g.build(acs.ACS3, plainKey)
		b.form = url.Values{"KeyId": {form}}
		if a := g.do(b.request("DescribeKey")); a.Status != status {
			t.Errorf("form says %s: %d %s", form, a.Status, a.Raw)
		}
	}
}

func TestXMLWhenAskedFor(t *testing.T) {
	g := newGate(t, public.Strict)
	a := call(t, g, "ListKeys", url.Values{"Format": {"XML"}})
	var list struct {
		XMLName    xml.Name `xml:"KMS"`
		Keys       []string `xml:"Keys>Key>KeyId"`
		TotalCount int
		RequestId  string
	}
	if err := xml.Unmarshal([]byte(a.Raw), &list); err != nil || !slices.Equal(list.Keys, []string{"a", "b<"}) || list.TotalCount != 2 || list.RequestId == "" {
		t.Fatalf("%v: %s", err, a.Raw)
	}
	a = call(t, g, "EnableKey", url.Values{"Format": {"xml"}})
	var refusal struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	if err := xml.Unmarshal([]byte(a.Raw), &refusal); err != nil || refusal.Code != "Rejected.StateModifiedFailed" || a.Status != 409 {
		t.Fatalf("%v: %s", err, a.Raw)
	}
}

func TestRegionOfACall(t *testing.T) {
	g := newGate(t, public.Strict)
	for _, c := range []struct{ host, param, want string }{
		{"127.0.0.1:1", "", "cn-hangzhou"},
		{"127.0.0.1:1", "cn-shanghai", "cn-shanghai"},
		{"kms.cn-beijing.aliyuncs.com", "", "cn-beijing"},
		{"kms.cn-beijing.aliyuncs.com", "cn-shanghai", "cn-beijing"},
		{"127.0.0.1:1", "../etc", ""},
	} {
		b := g.build(acs.ACS3, plainKey)
		b.host = c.host
		if c.param != "" {
			b.query.Set("RegionId", c.param)
		}
		a := g.do(b.request("DescribeKey"))
		if c.want == "" {
			if a.Code != "InvalidParameter" {
				t.Errorf("%+v: %s", c, a.Raw)
			}
			continue
		}
		if got := g.call.Load().Region; a.Status != 200 || got != c.want {
			t.Errorf("%+v: region %s, %s", c, got, a.Raw)
		}
	}
}

func TestThrottleAnswersExactly(t *testing.T) {
	g := newGate(t, public.Strict)
	call(t, g, "CreateKey", nil)
	call(t, g, "CreateKey", nil)
	a := call(t, g, "CreateKey", nil)
	if want := `{"HttpStatus":429,"Code":"Rejected.Throttling","Message":"QPS Limit Exceeded","RequestId":"` + a.RequestID + `"}`; a.Status != 429 || a.Raw != want {
		t.Fatalf("%d %s", a.Status, a.Raw)
	}
	g.advance(time.Second)
	if a := call(t, g, "CreateKey", nil); a.Status != 200 {
		t.Fatal(a.Raw)
	}
}

func TestDedicatedServesCryptographyOnly(t *testing.T) {
	g := newGate(t, public.Strict)
	serve := func(action string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.Serve(w, g.build(acs.ACS3, plainKey).request(action), engine.Dedicated, "kst-1")
		return w
	}
	if w := serve("Encrypt"); w.Code != 200 || g.call.Load().Instance != "kst-1" || g.call.Load().Gateway != engine.Dedicated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := serve("DescribeKey"); w.Code != 404 || !strings.Contains(w.Body.String(), "InvalidAction.NotFound") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// TestFaultsSpeakTheGatewaysDialect drives the faults whose answers this package
// makes; those of the connection are tested in package fault.
func TestFaultsSpeakTheGatewaysDialect(t *testing.T) {
	for rule, want := range map[string]string{
		"Encrypt:reject":              `503 \{"HttpStatus":503,"Code":"ServiceUnavailableTemporary",.*`,
		"Encrypt:throttle":            `429 \{"HttpStatus":429,"Code":"Rejected.Throttling",.*`,
		"Encrypt:corrupt":             `200 \{"CiphertextBlob":"AAAB",.*`,
		"Encrypt:malformed":           `200 \{"RequestId":\{"RequestId".*`,
		"Encrypt:extra-fields":        `200 .*"KmsplanUnknownField".*`,
		"Encrypt:clock-skew=20m":      `400 .*"IllegalTimestamp".*`,
		"Encrypt:clock-skew=-10m":     `200 .*`,
		"Encrypt:redirect":            `302 .*`,
		"public/Encrypt:too-large":    `413 .*`,
		"dedicated/Encrypt:too-large": `200 \{"RequestId":"REQUEST-1","CiphertextBlob":"AAAA"\}`,
	} {
		g := newGate(t, public.Strict)
		if _, err := g.faults.AddText(rule); err != nil {
			t.Fatal(err)
		}
		a := call(t, g, "Encrypt", nil)
		if got := httpStatus(a) + a.Raw; !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("%s: %s", rule, got)
		}
		if marked := a.Header.Get(fault.Header) != ""; marked == strings.HasPrefix(rule, "dedicated") {
			t.Errorf("%s: marked %v", rule, marked)
		}
		if next := call(t, g, "Encrypt", nil); next.Status != 200 && !strings.Contains(rule, "throttle") {
			t.Errorf("%s: the next call: %s", rule, next.Raw)
		}
	}
}

func TestStrangersDoNotUseFaultsUp(t *testing.T) {
	g := newGate(t, public.Strict)
	if _, err := g.faults.AddText("Encrypt:reject"); err != nil {
		t.Fatal(err)
	}
	b := g.build(acs.ACS3, plainKey)
	b.cred.Secret = "wrong"
	g.do(b.request("Encrypt"))
	if a := call(t, g, "Encrypt", nil); a.Status != 503 {
		t.Fatalf("the rule was spent on a refused request: %d", a.Status)
	}
}

func TestStaleReadsShowTheFormerAnswer(t *testing.T) {
	g := newGate(t, public.Strict)
	if _, err := g.faults.AddText("DescribeKey:stale:1+1"); err != nil {
		t.Fatal(err)
	}
	first := call(t, g, "DescribeKey", url.Values{"KeyId": {"a"}})
	if second := call(t, g, "DescribeKey", url.Values{"KeyId": {"a"}}); second.Raw != first.Raw {
		t.Fatalf("%s, then %s", first.Raw, second.Raw)
	}
}
