package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

const body = `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJD","Value":true}`

// answer is a granted answer of JSON that rules may alter.
func answer(body string) fault.Answer {
	return fault.Answer{Status: 200, Body: []byte(body), Alter: func(change func(fault.Members)) fault.Answer {
		var members fault.Members
		if err := json.Unmarshal([]byte(body), &members); err != nil {
			panic(err)
		}
		change(members)
		changed, err := json.Marshal(members)
		if err != nil {
			panic(err)
		}
		return fault.Answer{Status: 200, Body: changed}
	}}
}

// gateway is a server with one operation behind real TLS.
type gateway struct {
	server  *httptest.Server
	faults  *fault.Injector
	commits atomic.Int32
	stormed atomic.Bool
	exited  atomic.Bool
	out     atomic.Int64  // a time.Duration
	late    chan struct{} // closed by the first commit
	noted   atomic.Int32
	status  atomic.Int32 // as noted last
}

func newGateway(t *testing.T, rule string) *gateway {
	t.Helper()
	g := &gateway{late: make(chan struct{})}
	g.faults = fault.New(operations, func() { g.exited.Store(true) })
	if _, err := g.faults.AddText(rule); err != nil {
		t.Fatal(err)
	}
	g.server = httptest.NewTLSServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.server.Close)
	return g
}

func refuse(status int, code, message string) fault.Answer {
	return fault.Answer{Status: status, Body: []byte(`{"Code":"` + code + `"}`), Code: code}
}

func replace(text string) func(fault.Answer) fault.Answer {
	return func(a fault.Answer) fault.Answer { a.Body = []byte(text); return a }
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	e := fault.Event{Gateway: "public", Operation: "Encrypt"}
	d := g.delivery()
	skew, done := fault.Arrive(w, g.faults.Match(fault.OnArrival, e), d)
	if done {
		return
	}
	if skew != 0 {
		refuse(400, "skewed by "+skew.String(), "").Write(w)
		return
	}
	g.faults.Deliver(w, r, g.faults.Match(fault.OnExecution, e), d)
}

func (g *gateway) delivery() fault.Delivery {
	return fault.Delivery{
		Fingerprint: "Encrypt",
		Commit: func() fault.Answer {
			if g.commits.Add(1) == 1 {
				close(g.late)
			}
			return answer(body)
		},
		About: func(id string) fault.Answer { return fault.Answer{Status: 200, Body: []byte("about " + id)} },
		LateTags: func(ago time.Duration) fault.Answer {
			return fault.Answer{Status: 200, Body: []byte("tags of " + ago.String() + " ago")}
		},
		AsOf: func(ago time.Duration) fault.Answer {
			return fault.Answer{Status: 200, Body: []byte("as of " + ago.String() + " ago")}
		},
		Full: func() fault.Answer { return fault.Answer{Status: 200, Body: []byte("full")} },
		Note: func(a fault.Answer) { g.noted.Add(1); g.status.Store(int32(a.Status)) },
		Dialect: fault.Dialect{
			Refuse: refuse, Malformed: replace("malformed"),
			Storm:  func(d string) { g.stormed.Store(d == "10s") },
			Outage: func(d time.Duration) { g.out.Store(int64(d)) },
		},
	}
}

// call returns the status, the body as far as it came, the fault header, and
// whether reading it failed.
func (g *gateway) call(t *testing.T, timeout time.Duration) (status int, text, label string, failed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "POST", g.server.URL, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	client := g.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return 0, "", "", true
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return response.StatusCode, string(read), response.Header.Get(fault.Header), err != nil
}

// TestEveryAction drives every action over a real TLS connection: what the
// client sees, and how often the operation was carried out.
func TestEveryAction(t *testing.T) {
	for _, c := range []struct {
		rule    string
		status  int
		body    string // prefix
		failed  bool
		commits int32
	}{
		{"Encrypt:drop-before", 0, "", true, 0},
		{"Encrypt:clock-skew=-20m", 400, `{"Code":"skewed by -20m0s"`, false, 0},
		{"Encrypt:redirect", 302, "", false, 0},
		{"Encrypt:too-large", 413, "", false, 0},
		{"Encrypt:uri-too-long", 414, "", false, 0},
		{"Encrypt:reject", 503, `{"Code":"ServiceUnavailableTemporary"}`, false, 0},
		{"Encrypt:reject=Forbidden.NoPermission", 403, `{"Code":"Forbidden.NoPermission"}`, false, 0},
		{"Encrypt:reject=Teapot/418", 418, `{"Code":"Teapot"}`, false, 0},
		{"Encrypt:reject-after-commit", 500, `{"Code":"InternalFailure"}`, false, 1},
		{"Encrypt:drop-after-commit", 0, "", true, 1},
		{"Encrypt:delay=1ms", 200, body, false, 1},
		{"Encrypt:delay-after=1ms", 200, body, false, 1},
		{"Encrypt:duplicate", 200, body, false, 2},
		{"Encrypt:throttle", 429, `{"Code":"Rejected.Throttling"}`, false, 0},
		{"Encrypt:throttle-retry-after", 429, `{"Code":"Rejected.Throttling"}`, false, 0},
		{"Encrypt:truncate=5", 200, body[:5], true, 1},
		{"Encrypt:wrong-length", 200, body, true, 1},
		{"Encrypt:slow-body=100000", 200, body, false, 1},
		{"Encrypt:corrupt", 200, `{"CiphertextBlob":"AAAB","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJD","Value":true}`, false, 1},
		{"Encrypt:corrupt=Plaintext", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJC","Value":true}`, false, 1},
		{"Encrypt:corrupt=Arn", 200, body[:strings.Index(body, `a"},`)] + "`", false, 1}, // text has its last letter changed
		{"Encrypt:corrupt=Value", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJD","Value":false}`, false, 1},
		{"Encrypt:corrupt=Nonsense", 500, `{"Code":"InternalFailure"}`, false, 1},
		{"Encrypt:shorten", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUI=","Value":true}`, false, 1},
		{"Encrypt:shorten=CiphertextBlob", 200, `{"CiphertextBlob":"AAA=","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJD","Value":true}`, false, 1},
		{"Encrypt:lengthen", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJDeA==","Value":true}`, false, 1},
		{"Encrypt:wrong-key-id=key-b", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-b","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-b"},"Plaintext":"QUJD","Value":true}`, false, 1},
		{"Encrypt:wrong-key-id", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-kmsplannosuchkey","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1:key/key-kmsplannosuchkey"},"Plaintext":"QUJD","Value":true}`, false, 1},
		{"Encrypt:wrong-arn", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:r:1999999999999999:key/key-a"},"Plaintext":"QUJD","Value":true}`, false, 1},
		{"Encrypt:wrong-arn=region", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","Nested":{"Arn":"acs:kms:xx-elsewhere:1:key/key-a"},"Plaintext":"QUJD","Value":true}`, false, 1},
		{"Encrypt:about-another=key-b", 200, "about key-b", false, 0},
		{"Encrypt:late-tags", 200, "tags of 1h0m0s ago", false, 0},
		{"Encrypt:malformed", 200, "malformed", false, 1},
		{"Encrypt:extra-fields", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"v","KmsplanUnknownField":`, false, 1},
		{"Encrypt:html=502", 502, "<html>", false, 1},
		{"Encrypt:crash-after-commit", 0, "", true, 1},
		{"Encrypt:stale", 200, body, false, 1}, // nothing older to give
		{"Encrypt:close-after-commit", 0, "", true, 1},
		{"Encrypt:outage=3s", 0, "", true, 0},
		{"Encrypt:disk-full", 200, "full", false, 0},
		{"Encrypt:stale-read=7s", 200, "as of 7s ago", false, 0},
		{"Encrypt:wrong-key-version", 200, `{"CiphertextBlob":"AAAA","KeyId":"key-a","KeyVersionId":"00000000-0000-4000-8000-000000000000","Nested":{"Arn":"acs:kms:r:1:key/key-a"},"Plaintext":"QUJD","Value":true}`, false, 1},
	} {
		t.Run(c.rule, func(t *testing.T) {
			g := newGateway(t, c.rule)
			status, text, label, failed := g.call(t, 10*time.Second)
			if status != c.status || !strings.HasPrefix(text, c.body) || failed != c.failed {
				t.Errorf("status %d, body %q, failed %v", status, text, failed)
			}
			if _, action, _ := strings.Cut(c.rule, ":"); status != 0 && !strings.HasPrefix(label, strings.Split(action, "=")[0]) {
				t.Errorf("the answer is not marked: %q", label)
			}
			if !strings.Contains(c.rule, "clock-skew") && (g.noted.Load() != 1 || int(g.status.Load()) != c.status) {
				t.Errorf("noted %d times, status %d: it must be, before the answer is there", g.noted.Load(), g.status.Load())
			}
			if got := g.commits.Load(); got != c.commits {
				t.Errorf("carried out %d times, want %d", got, c.commits)
			}
			if strings.Contains(c.rule, "throttle") != g.stormed.Load() || strings.Contains(c.rule, "crash") != g.exited.Load() {
				t.Error("storm or exit is wrong")
			}
			if strings.Contains(c.rule, "outage") != (g.out.Load() == int64(3*time.Second)) {
				t.Error("the outage is wrong")
			}
			status, text, label, failed = g.call(t, 10*time.Second)
			if status != 200 || text != body || label != "" || failed {
				t.Errorf("the next call is disturbed: %d %q %q", status, text, label)
			}
		})
	}
}

// TestDropsDiffer: one way to lose an answer resets the connection, the other
// ends it in order.
func TestDropsDiffer(t *testing.T) {
	for rule, reset := range map[string]bool{"Encrypt:drop-after-commit": true, "Encrypt:close-after-commit": false} {
		g := newGateway(t, rule)
		response, err := g.server.Client().Post(g.server.URL, "text/plain", strings.NewReader("x"))
		if err == nil {
			response.Body.Close()
			t.Fatalf("%s: an answer came", rule)
		}
		if errors.Is(err, syscall.ECONNRESET) != reset || errors.Is(err, io.EOF) == reset {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// TestWritesAreNeverStale: a call that writes has no past and no other disk.
func TestWritesAreNeverStale(t *testing.T) {
	i := fault.New(operations, nil)
	for _, rule := range []string{"CreateKey:stale-read", "CreateKey:disk-full"} {
		if _, err := i.AddText(rule); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		i.Deliver(w, httptest.NewRequest("POST", "/", nil), i.Match(fault.OnExecution, fault.Event{Operation: "CreateKey"}), fault.Delivery{
			Note: func(fault.Answer) {}, Commit: func() fault.Answer { return fault.Answer{Status: 200, Body: []byte("done")} },
		})
		if w.Body.String() != "done" {
			t.Errorf("%s: %q", rule, w.Body)
		}
	}
}

func TestLateCommitWaitsUntilTheClientGivesUp(t *testing.T) {
	g := newGateway(t, "Encrypt:late-commit")
	if _, _, _, failed := g.call(t, 50*time.Millisecond); !failed {
		t.Fatal("an answer came")
	}
	select {
	case <-g.late:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was committed after the client had left")
	}
}

func TestStaleGivesAnEarlierAnswer(t *testing.T) {
	i := fault.New(operations, nil)
	if _, err := i.Add(fault.Rule{Operation: "ListKeys", Action: fault.Stale, Argument: "2", After: 3}); err != nil {
		t.Fatal(err)
	}
	answers := ""
	for n := range 4 {
		w := httptest.NewRecorder()
		i.Deliver(w, httptest.NewRequest("POST", "/", nil), i.Match(fault.OnExecution, fault.Event{Operation: "ListKeys"}), fault.Delivery{
			Fingerprint: "ListKeys", Note: func(fault.Answer) {},
			Commit: func() fault.Answer { return fault.Answer{Status: 200, Body: []byte{byte('0' + n)}} },
		})
		answers += w.Body.String()
	}
	if answers != "0121" {
		t.Fatalf("answers %s", answers)
	}
}

func TestDropWithoutAConnectionAborts(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Fatalf("recovered %v", err)
		}
	}()
	fault.Drop(httptest.NewRecorder())
}
