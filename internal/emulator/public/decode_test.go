package public

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

type pair struct{ Key, Value *string }
type custom struct{ CustomData engine.JSONMap }

// everything has a field of each supported kind.
type everything struct {
	KeyId   *string
	Size    *int64
	Small   *int32
	On      *bool
	Context engine.JSONMap
	List    []string
	Numbers []int64
	Tag     []pair
	Config  *custom
	Renamed *string `param:"X.Renamed"`
}

func p[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		want   everything
		unread []string
	}{
		"nothing":             {"", everything{}, nil},
		"protocol":            {"Action=A&Version=V&RegionId=cn-hangzhou&Signature=S&Timestamp=T", everything{}, nil},
		"scalars":             {"KeyId=&Size=-9223372036854775808&Small=7&On=TRUE&X.Renamed=r", everything{KeyId: p(""), Size: p[int64](-9223372036854775808), Small: p[int32](7), On: p(true), Renamed: p("r")}, nil},
		"JSON object":         {"Context=" + url.QueryEscape(`{"a":"1","b":2,"c":null}`), everything{Context: engine.JSONMap{"a": "1", "b": json.Number("2"), "c": nil}}, nil},
		"empty object":        {"Context={}", everything{Context: engine.JSONMap{}}, nil},
		"flattened object":    {"Context.a=1&Context.b.c=2&Context.b.d=3", everything{Context: engine.JSONMap{"a": "1", "b": map[string]any{"c": "2", "d": "3"}}}, nil},
		"lists":               {"List.1=a&List.2=b&Numbers.1=5", everything{List: []string{"a", "b"}, Numbers: []int64{5}}, nil},
		"a gap ends a list":   {"List.1=a&List.3=c", everything{List: []string{"a"}}, []string{"List.3"}},
		"list of objects":     {"Tag.1.Key=k&Tag.1.Value=v&Tag.2.Key=l", everything{Tag: []pair{{p("k"), p("v")}, {p("l"), nil}}}, nil},
		"more than nine":      {"List.1=a&List.2=a&List.3=a&List.4=a&List.5=a&List.6=a&List.7=a&List.8=a&List.9=a&List.10=j", everything{List: []string{"a", "a", "a", "a", "a", "a", "a", "a", "a", "j"}}, nil},
		"nested, flattened":   {"Config.CustomData.k=v", everything{Config: &custom{engine.JSONMap{"k": "v"}}}, nil},
		"nested, JSON inside": {"Config.CustomData=" + url.QueryEscape(`{"k":"v"}`), everything{Config: &custom{engine.JSONMap{"k": "v"}}}, nil},
		"unknown":             {"Keyid=1&KeyId=2&Zone=4", everything{KeyId: p("2")}, []string{"Keyid", "Zone"}},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			var got everything
			unread, refusal := decode(values, &got)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.unread, unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeNamesTheInvalidParameter(t *testing.T) {
	for query, name := range map[string]string{
		"Size=": "Size", "Size=1.0": "Size", "Size=+1": "Size", "Size=9223372036854775808": "Size", "Size=0x1": "Size",
		"Small=2147483648": "Small", "On=1": "On", "On=": "On", "On=yes": "On",
		"Context=": "Context", "Context=null": "Context", "Context=[]": "Context", "Context={": "Context", "Context={}x": "Context",
		"Numbers.1=x": "Numbers.1", "List." + strings.Repeat("1", 3) + "=x&" + many("List", 201): "List",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, refusal := decode(values, &everything{})
		if refusal == nil || refusal.Code != "InvalidParameter" || !strings.Contains(refusal.Message, `"`+name+`"`) {
			t.Errorf("%.40s: %v, want InvalidParameter of %s", query, refusal, name)
		}
	}
}

func many(name string, n int) string {
	v := url.Values{}
	for i := range n {
		v.Set(name+"."+jsonInt(i+1), "x")
	}
	return v.Encode()
}

func jsonInt(n int) string { b, _ := json.Marshal(n); return string(b) }

func FuzzDecode(f *testing.F) {
	f.Add("KeyId=k&Size=1&On=true&Context={}&List.1=a&Tag.1.Key=k&Config.CustomData.a=b")
	f.Add("Tag.1.Key=&Tag.01.Key=&Tag..Key=&List.=&Context..=&Context.=")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		var got everything
		unread, refusal := decode(values, &got)
		if refusal != nil && (refusal.Status != 400 || unread != nil) {
			t.Fatalf("%v %v", refusal, unread)
		}
	})
}

func TestEndpointRegion(t *testing.T) {
	for host, want := range map[string]string{
		"kms.cn-hangzhou.aliyuncs.com":          "cn-hangzhou",
		"KMS.cn-hangzhou.aliyuncs.com:443":      "cn-hangzhou",
		"kms-vpc.ap-southeast-1.aliyuncs.com":   "ap-southeast-1",
		"127.0.0.1:8443":                        "",
		"kst-x.cryptoservice.kms.aliyuncs.com":  "",
		"kms.cn-hangzhou.aliyuncs.com.evil.com": "",
		"kms..aliyuncs.com":                     "",
		"oss.cn-hangzhou.aliyuncs.com":          "",
		"[::1]:80":                              "",
	} {
		if got := endpointRegion(host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestNoncesAreBounded(t *testing.T) {
	n := newNonces(100)
	at := start()
	for i := range 1000 {
		if !n.use("a", jsonInt(i), at) {
			t.Fatalf("nonce %d is not new", i)
		}
	}
	if len(n.now)+len(n.old) > 200 {
		t.Fatalf("%d nonces are kept", len(n.now)+len(n.old))
	}
	if n.use("a", "999", at) || !n.use("b", "999", at) {
		t.Fatal("the newest nonce is forgotten, or shared between callers")
	}
}

func start() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }
