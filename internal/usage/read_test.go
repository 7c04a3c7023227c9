package usage_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/usage"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// The forms of both logs, as the vendor's pages show them (KMS: log fields; ActionTrail: events of KMS).
const (
	accessLine = `{"access_key_id":"KAAP.x","account_id":"1192853035110001","api_name":"Decrypt","identity_type":"ram-user","principal_id":"2001",` +
		`"resource_id":"key-hzz62f1cb66fa42qo0001","resource_parameters":"{\"key_id\":\"\",\"key_version_id\":\"key-hzz62f1cb66fa42qo0001-v1\",\"index\":\"\"}","status_code":"200","time":"2026-05-29T01:52:55Z"}`
	accessAAP = `{"api_name":"GenerateDataKey","identity_type":"aap","principal_id":"orders-app","resource_id":"key-hzz62f1cb66fa42qo0001",` +
		`"resource_parameters":{"key_version_id":"key-hzz62f1cb66fa42qo0001-v2"},"status_code":200,"__time__":1780000000}`
	trail = `{"eventVersion":1,"eventName":"Decrypt","eventTime":"2026-05-30T09:21:32Z","serviceName":"Kms","userIdentity":{"type":"assumed-role",` +
		`"principalId":"3435:u1","userName":"deployer:session-8f2","accountId":"1"},"requestParameters":{"CiphertextBlob":"c2VjcmV0"},` +
		`"referencedResources":{"ACS::KMS::Key":["3a6a031d-87ad-4a84-9c17-aa22e0b00001"]},"responseElements":{"KeyVersionId":"2f1a"}}`
)

func read(t *testing.T, logs ...string) usage.Report {
	t.Helper()
	r := usage.Reader{Now: now}
	for _, log := range logs {
		if err := r.Read(strings.NewReader(log)); err != nil {
			t.Fatal(err)
		}
	}
	return r.Report
}

func lines(list []state.Use) (out []string) {
	for _, u := range list {
		out = append(out, fmt.Sprintf("%s %s %s %s %s %v", u.KeyID, u.KeyVersion, u.Principal, u.Operation, u.Last.Format(time.RFC3339), u.Refused))
	}
	return out
}

func TestLogsAreRead(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte("[" + trail + "]"))
	z.Close()
	access := "key-hzz62f1cb66fa42qo0001 key-hzz62f1cb66fa42qo0001-v1 ram:user/2001 Decrypt 2026-05-29T01:52:55Z false"
	event := "3a6a031d-87ad-4a84-9c17-aa22e0b00001 2f1a ram:role/deployer Decrypt 2026-05-30T09:21:32Z false"
	for name, c := range map[string]struct {
		log  string
		want []string
	}{
		"a line of the access log":    {accessLine, []string{access}},
		"an application access point": {accessAAP, []string{"key-hzz62f1cb66fa42qo0001 key-hzz62f1cb66fa42qo0001-v2 aap:orders-app GenerateDataKey 2026-05-28T20:26:40Z false"}},
		"an event":                    {trail, []string{event}},
		"a list":                      {"\ufeff [" + trail + ",\n" + accessLine + "]\n", []string{event, access}},
		"lines":                       {accessLine + "\n" + trail + "\n", []string{event, access}},
		"an answer of LookupEvents":   {`{"NextToken":"x","Events":[` + trail + `]}`, []string{event}},
		"an event in a text":          {`{"event":` + fmt.Sprintf("%q", trail) + `}`, []string{event}},
		"an event of EventBridge":     {`{"id":"45ef4dewdwe1-7c35-447a-bd93-fab","source":"acs.kms","specversion":"1.0","type":"kms:ActionTrail:ApiCall","time":"2026-05-31T00:00:00Z","data":` + trail + `}`, []string{event}},
		"a list of EventBridge":       {`[{"data":` + trail + `},{"data":{"Events":[` + accessLine + `]}}]`, []string{event, access}},
		"SLS, an event in a column":   {`{"__topic__":"actiontrail","__source__":"actiontrail_internal","__time__":1780000000,"event":` + fmt.Sprintf("%q", trail) + `}`, []string{event}},
		"SLS, an event flattened":     {`{"__time__":"1780000000","event.eventName":"Decrypt","event.eventTime":"2026-05-30T09:21:32Z","event.userIdentity.type":"assumed-role","event.userIdentity.userName":"deployer:s","event.responseElements":"{\"KeyVersionId\":\"2f1a\"}","event.referencedResources":"{\"ACS::KMS::Key\":[\"3a6a031d-87ad-4a84-9c17-aa22e0b00001\"]}"}`, []string{event}},
		"SLS, rows with an event":     {"__time__,event\n1780000000,\"" + strings.ReplaceAll(trail, `"`, `""`) + "\"\n", []string{event}},
		"compressed":                  {zipped.String(), []string{event}},
		"nothing":                     {"", nil},
		"an empty list":               {"[]", nil},
		"rows of the access log":      {"time,api_name,identity_type,principal_id,resource_id,resource_parameters,status_code\n1780000000,Decrypt,cloud-account,1,key-a,\"{\"\"key_version_id\"\":\"\"v\"\"}\",200\n", []string{"key-a v root:1 Decrypt 2026-05-28T20:26:40Z false"}},
		"rows of events":              {"eventName,eventTime,userIdentity.type,userIdentity.userName,requestParameters\nEncrypt,2026-05-30T09:21:32Z,ram-user,alice,\"{\"\"KeyId\"\":\"\"acs:kms:cn-hangzhou:1:key/k1\"\",\"\"Plaintext\"\":\"\"c2VjcmV0\"\"}\"\n", []string{"k1  ram:user/alice Encrypt 2026-05-30T09:21:32Z false"}},
		"a line of the shared gateway, with each field that its page names": {`{"gateway_type":"share","share_gateway_api_name":"Decrypt","cmkid":"3a6a031d","key_version_id":"2f1a","key_state":"Enabled","identity_type":"ram-user","principal_id":"2001","time":"2026-05-29T01:52:55Z","status_code":"200"}`, []string{"3a6a031d 2f1a ram:user/2001 Decrypt 2026-05-29T01:52:55Z false"}},
		"refused because of the key":                                        {`{"eventName":"Decrypt","eventTime":"2026-05-30T09:21:32Z","errorCode":"Rejected.Disabled","requestParameters":{"KeyId":"k"},"userIdentity":{"type":"system","userName":"ecs"}}`, []string{"k  service:ecs Decrypt 2026-05-30T09:21:32Z true"}},
		"the key is in the version's name":                                  {`{"api_name":"Decrypt","time":"2026-05-30T09:21:32Z","resource_parameters":{"key_version_id":"key-hzz1-v9"},"identity_type":"ram-role","principal_id":"7"}`, []string{"key-hzz1 key-hzz1-v9 ram:role/7 Decrypt 2026-05-30T09:21:32Z false"}},
	} {
		if got := lines(read(t, c.log).Uses); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatDoesNotCountIsCounted(t *testing.T) {
	at := `"eventTime":"2026-05-30T09:21:32Z"`
	for log, why := range map[string]string{
		`{"eventName":"DescribeKey",` + at + `,"requestParameters":{"KeyId":"k"}}`: "are no use of a key",
		`{"time":"2026-05-30T09:21:32Z","level":"info"}`:                           "are of no log that is known: they name no operation",
		`{"data":{"instance":"x"}}`:                                                "are of no log that is known: they name no operation",
		`[null]`:                                                                   "are of no log that is known: they name no operation",
		`{"eventName":"Decrypt",` + at + `}`:                                       "name no key",
		`{"eventName":"Decrypt","eventTime":"2036-05-30T09:21:32Z","requestParameters":{"KeyId":"k"}}`:                     "have no time, or one that cannot be",
		`{"eventName":"Decrypt",` + at + `,"requestParameters":{"KeyId":"alias/x"}}`:                                       "name an alias that the state does not have",
		`{"eventName":"Decrypt",` + at + `,"errorCode":"Forbidden.NoPermission","requestParameters":{"KeyId":"k"}}`:        "were refused for want of rights",
		`{"api_name":"Decrypt","time":"2026-05-30T09:21:32Z","status_code":"403","resource_id":"k"}`:                       "were refused for want of rights",
		`{"eventName":"Decrypt",` + at + `,"requestParameters":{"KeyId":"k\u001b[2J"}}`:                                    "name no key",
		`{"eventName":"Decrypt",` + at + `,"requestParameters":{"KeyId":"` + strings.Repeat("k", 300) + `"}}`:              "name no key",
		`{"api_name":"GetSecretValue","time":"2026-05-30T09:21:32Z","resource_id":"orders/db","resource_parameters":"{}"}`: "name no key",
	} {
		r := read(t, log)
		if len(r.Uses) != 0 || r.Skipped[why] != 1 || r.Records != 1 {
			t.Errorf("%s: %q, %v", log, lines(r.Uses), r.Skipped)
		}
	}
	other := usage.Reader{Now: now, Known: func(key string) bool { return key == "mine" }, Resolve: func(a string) (string, bool) { return "mine", a == "alias/mine" }}
	for _, id := range []string{"theirs", "mine", "alias/mine", "acs:kms:cn-hangzhou:1:alias/mine"} {
		if err := other.Read(strings.NewReader(`{"eventName":"Decrypt",` + at + `,"requestParameters":{"KeyId":"` + id + `"}}`)); err != nil {
			t.Fatal(err)
		}
	}
	if len(other.Uses) != 1 || other.Uses[0].KeyID != "mine" || other.Records != 4 {
		t.Errorf("%+v", other.Report)
	}
}

// The first record of each kind that does not count is named by its line, in every form of a log.
func TestSkippedRecordsHaveALine(t *testing.T) {
	for log, want := range map[string]int{
		trail + "\n" + accessLine + "\n\n{\"x\": 1}\n{\"x\": 2}\n":                   4,
		"\n\n[" + trail + ",\n" + trail + ",\n {\n  \"x\":\n 1\n},\n{}]":             5,
		strings.Repeat(trail+"\n", 3000) + "{}\n":                                    3001,
		"{\"Events\": [" + trail + ",\n {}]}":                                        1,
		"\ufeff\n\ntime,api_name\n2026-05-29T01:52:55Z,\"Decrypt\n\"\n1780000000,\n": 6,
		"[null]": 1,
	} {
		r := usage.Reader{Now: now, Name: "a.json"}
		if err := r.Read(strings.NewReader(log)); err != nil {
			t.Fatal(err)
		}
		if got := r.At["are of no log that is known: they name no operation"]; got != (usage.Place{File: "a.json", Line: want}) {
			t.Errorf("%.80q: %+v, want line %d; %v", log, got, want, r.Skipped)
		}
	}
}

// What is no log is refused, and its bytes are not repeated.
func TestWhatIsNoLog(t *testing.T) {
	for _, log := range []string{
		"secret-in-a-file", "a,b\nsecret,1\n", `{"secret":`, `[{"a":1},secret]`, `["secret"]`, `[{"a":1}`, `[] secret`, `{} secret`, "\x1f\x8bsecret",
		"api_name\n\"secret", `{"a":"` + strings.Repeat("secret", 3<<20) + `"}`, "api_name,x\n" + strings.Repeat("secret", 3<<20),
	} {
		r := usage.Reader{Now: now}
		err := r.Read(strings.NewReader(log))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.30s: %v", log, err)
		}
	}
}

// However many callers a log invents, a state keeps few of them for a key: the latest.
func TestUsesAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&b, `{"eventName":"Decrypt","eventTime":%q,"userIdentity":{"type":"ram-user","userName":"u%d"},"requestParameters":{"KeyId":"k"}}`+"\n", now.Add(-time.Duration(60_000-i)*time.Second).Format(time.RFC3339), i)
	}
	r := read(t, b.String())
	if len(r.Uses) != state.MaxUsesPerKey || r.Records != 60_000 || !slices.ContainsFunc(r.Uses, func(u state.Use) bool { return u.Principal == "ram:user/u59999" }) {
		t.Errorf("%d uses of %d records", len(r.Uses), r.Records)
	}
	again := state.WithUses(r.Uses, []state.Use{{KeyID: "k", Principal: "ram:user/u59999", Last: now.Add(-time.Hour)}})
	if !slices.Equal(again, r.Uses) {
		t.Error("an earlier use took the place of a later one")
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{accessLine, accessAAP, trail, "[" + trail + "]", "time,api_name\n1,Decrypt\n", `{"Events":[null,1,{}]}`, `{"event":"{\"event\":\"{}\"}"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		r := usage.Reader{Now: now}
		_ = r.Read(bytes.NewReader(log))
		for _, u := range r.Uses {
			for _, text := range []string{u.KeyID, u.KeyVersion, u.Principal, u.Operation} {
				if len(text) > 128 || strings.ContainsAny(text, "\x00\x1b\n\r\"' {}") {
					t.Errorf("%q is kept", text)
				}
			}
			if u.KeyID == "" || u.Last.After(now.Add(24*time.Hour)) {
				t.Errorf("%+v is kept", u)
			}
		}
	})
}
