package public_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

// The credentials of the tests.
var (
	plainKey = engine.Credential{AccessKeyID: "LTAIplain", Secret: "secret-of-plain", Account: "1111111111111111", Principal: "acs:ram::1111111111111111:root"}
	session  = engine.Credential{AccessKeyID: "STS.session", Secret: "secret-of-session", SecurityToken: "token/+=", Account: "2222222222222222", Principal: "acs:ram::2222222222222222:role/r"}
)

// describe is a request with every kind of field.
type describe struct {
	KeyId                   *string
	PageSize                *int64
	EnableAutomaticRotation *bool
	EncryptionContext       engine.JSONMap
	ExtendedConfig          engine.JSONMap
	ResourceId              []string
	Tag                     []tag
	Nested                  *nested
	Renamed                 *string `param:"X-Renamed"`
}

type tag struct{ Key, Value *string }
type nested struct{ CustomData *string }

// gate is a public gateway over a table of its own.
type gate struct {
	*public.Handler
	server *httptest.Server
	now    atomic.Pointer[time.Time]
	calls  *calllog.Log
	faults *fault.Injector
	last   atomic.Pointer[describe]
	call   atomic.Pointer[engine.Call]
}

func newGate(t testing.TB, mode public.Auth) *gate {
	t.Helper()
	g := &gate{calls: calllog.New(0, nil)}
	start := time.Date(2026, 11, 24, 1, 57, 8, 0, time.UTC)
	g.now.Store(&start)
	now := func() time.Time { return *g.now.Load() }
	table := g.table()
	names := []string{}
	for name := range table {
		names = append(names, name)
	}
	g.faults = fault.New(names, nil)
	serial := 0
	profile, err := throttle.ParseProfile("create-key=2")
	if err != nil {
		t.Fatal(err)
	}
	g.Handler = public.New(public.Config{
		Operations: table,
		Credentials: func(id string) (engine.Credential, bool) {
			for _, c := range []engine.Credential{plainKey, session} {
				if c.AccessKeyID == id {
					return c, true
				}
			}
			return engine.Credential{}, false
		},
		DefaultAccessKeyID: func() string { return plainKey.AccessKeyID },
		DefaultRegion:      "cn-hangzhou",
		Permits:            func(*engine.Call, string, func(string) string) error { return nil }, SpeaksRAM: func(_, instance string) bool { return instance != "kst-old" },
		Auth: mode,
		Config: exchange.Config{
			Now: now, WireNow: now, NewRequestID: func() string { serial++; return fmt.Sprintf("REQUEST-%d", serial) },
			Throttle: throttle.New(profile, now), Faults: g.faults, Calls: g.calls, Logger: slog.New(slog.DiscardHandler),
		},
	})
	return g
}

func (g *gate) table() map[string]engine.Operation {
	op := func(name string, group engine.Group, handle func(*engine.Call, *describe) (any, error)) engine.Operation {
		return engine.Operation{
			Name: name, Group: group, New: func() any { return new(describe) },
			Handle: func(_ *engine.Engine, c *engine.Call, in any) (any, error) {
				g.last.Store(in.(*describe))
				g.call.Store(c)
				return handle(c, in.(*describe))
			},
		}
	}
	table := map[string]engine.Operation{}
	for _, o := range []engine.Operation{
		op("DescribeKey", engine.GroupKeyRead, func(c *engine.Call, in *describe) (any, error) {
			id := ""
			if in.KeyId != nil {
				id = *in.KeyId
			}
			return map[string]any{"KeyMetadata": map[string]any{"KeyId": id, "Creator": c.Account, "Description": c.Region}}, nil
		}),
		op("Encrypt", engine.GroupSymmetric, func(*engine.Call, *describe) (any, error) {
			return struct{ CiphertextBlob string }{"AAAA"}, nil
		}),
		op("CreateKey", engine.GroupCreateKey, func(*engine.Call, *describe) (any, error) { return struct{}{}, nil }),
		op("ListKeys", engine.GroupKeyRead, func(*engine.Call, *describe) (any, error) {
			return json.RawMessage(`{"Keys":{"Key":[{"KeyId":"a"},{"KeyId":"b<"}]},"TotalCount":2}`), nil
		}),
		op("EnableKey", engine.GroupKeyWrite, func(*engine.Call, *describe) (any, error) {
			return nil, &engine.Error{Status: 409, Code: "Rejected.StateModifiedFailed", Message: "no"}
		}),
		op("DisableKey", engine.GroupKeyWrite, func(*engine.Call, *describe) (any, error) { panic("a bug") }),
		op("CancelKeyDeletion", engine.GroupKeyWrite, func(*engine.Call, *describe) (any, error) {
			return nil, &engine.Failure{Cause: fmt.Errorf("disk is full at /secret/place")}
		}),
	} {
		table[o.Name] = o
	}
	encrypt := table["Encrypt"]
	encrypt.Dedicated = true
	table["Encrypt"] = encrypt
	return table
}

func (g *gate) start(t testing.TB) string {
	t.Helper()
	g.server = httptest.NewServer(g.Handler)
	t.Cleanup(g.server.Close)
	return strings.TrimPrefix(g.server.URL, "http://")
}

func (g *gate) advance(d time.Duration) {
	later := g.now.Load().Add(d)
	g.now.Store(&later)
}

// answer is a decoded answer of any kind.
type answer struct {
	Status    int
	Code      string
	Message   string
	RequestID string `json:"RequestId"`
	HostID    *string
	Raw       string
	Header    http.Header
}

func (g *gate) do(r *http.Request) answer {
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	a := answer{Status: w.Code, Raw: w.Body.String(), Header: w.Header()}
	_ = json.Unmarshal(w.Body.Bytes(), &a)
	return a
}

// builder makes one signed request; its fields are changed before or after signing.
type builder struct {
	method    string
	host      string
	query     url.Values
	form      url.Values
	header    http.Header
	cred      engine.Credential
	algorithm acs.Algorithm // "" = RPC
	scope     acs.Scope
	nonce     string
	at        time.Time
}

var nonces atomic.Int64

func (g *gate) build(algorithm acs.Algorithm, c engine.Credential) *builder {
	at := *g.now.Load()
	return &builder{
		method: "POST", host: "127.0.0.1:8443", query: url.Values{"KeyId": {"key-1"}}, header: http.Header{}, cred: c, algorithm: algorithm,
		scope: acs.Scope{Date: at.Format("20060102"), Region: "center", Product: "Kms"}, nonce: fmt.Sprint("nonce", nonces.Add(1)), at: at,
	}
}

func (b *builder) request(action string) *http.Request {
	if b.algorithm == "" {
		b.signRPC(action)
	}
	r := httptest.NewRequest(b.method, "http://"+b.host+"/?"+b.query.Encode(), strings.NewReader(b.form.Encode()))
	r.Host = b.host
	for name, values := range b.header {
		r.Header[name] = values
	}
	if len(b.form) > 0 {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.algorithm != "" {
		b.signACS(r, action)
	}
	return r
}

func (b *builder) signACS(r *http.Request, action string) {
	for name, value := range map[string]string{
		acs.HeaderAction: action, acs.HeaderVersion: public.Version, acs.HeaderDate: b.at.Format(acs.DateFormat),
		acs.HeaderNonce: b.nonce, acs.HeaderContentSHA256: acs.HashBody([]byte(b.form.Encode())),
	} {
		if r.Header.Get(name) == "" {
			r.Header.Set(name, value)
		}
	}
	if b.cred.SecurityToken != "" {
		r.Header.Set(acs.HeaderAccessKeyID, b.cred.AccessKeyID)
		r.Header.Set(acs.HeaderSecurityToken, b.cred.SecurityToken)
	}
	signed, err := acs.FromHTTP(r)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", signed.Authorize(b.algorithm, b.cred.AccessKeyID, b.cred.Secret, b.scope))
}

func (b *builder) signRPC(action string) {
	for name, value := range map[string]string{
		"Action": action, "Version": public.Version, "Format": "JSON", "AccessKeyId": b.cred.AccessKeyID, "SignatureMethod": "HMAC-SHA1",
		"SignatureVersion": "1.0", "SignatureNonce": b.nonce, "Timestamp": b.at.Format(acs.DateFormat),
	} {
		if !b.query.Has(name) {
			b.query.Set(name, value)
		}
	}
	if b.cred.SecurityToken != "" {
		b.query.Set("SecurityToken", b.cred.SecurityToken)
	}
	all := url.Values{}
	for _, values := range []url.Values{b.query, b.form} {
		for name, list := range values {
			all[name] = list
		}
	}
	b.query.Set("Signature", acs.SignRPC(b.method, all, b.cred.Secret))
}

var kinds = map[string]acs.Algorithm{"ACS3": acs.ACS3, "ACS4": acs.ACS4, "RPC": ""}

func forEveryKind(t *testing.T, f func(t *testing.T, g *gate, algorithm acs.Algorithm, c engine.Credential)) {
	t.Helper()
	for name, algorithm := range kinds {
		for _, c := range []engine.Credential{plainKey, session} {
			t.Run(name+" "+c.AccessKeyID, func(t *testing.T) { f(t, newGate(t, public.Strict), algorithm, c) })
		}
	}
}

func body(r *http.Request) string {
	b, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(b)))
	return string(b)
}

func readCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

func httpStatus(a answer) string { return fmt.Sprint(a.Status, " ") }
