package control_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// client attaches as the command line does: through the ready file.
func client(t *testing.T) (*control.Client, *emulator.Server) {
	t.Helper()
	s := emulatortest.New(t, func(o *emulator.Options) { o.Auth = "off" })
	path := filepath.Join(t.TempDir(), "ready.json")
	if err := s.WriteReadyFile(path); err != nil {
		t.Fatal(err)
	}
	c, err := control.FromReadyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, s
}

// call makes an unsigned call of the emulated service and returns its KeyId.
func call(t *testing.T, s *emulator.Server, action, query string) (keyID string) {
	t.Helper()
	response, err := http.Post("http://"+s.Ready().Public.HTTP+"/?Action="+action+"&Version=2016-01-20&"+query, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var out struct{ KeyMetadata struct{ KeyId string } }
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out.KeyMetadata.KeyId
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestClock(t *testing.T) {
	c, s := client(t)
	ctx := t.Context()
	id := call(t, s, "CreateKey", "EnableAutomaticRotation=true&RotationInterval=90d&DKMSInstanceId="+s.Ready().Instance.ID)
	frozen := must(c.Freeze(ctx))(t)
	if !frozen.Frozen {
		t.Fatal("it runs")
	}
	later := must(c.Advance(ctx, "90d"))(t)
	if got := later.Now.Sub(frozen.Now); got != 90*24*time.Hour {
		t.Fatalf("advanced by %s", got)
	}
	later = must(c.Advance(ctx, "1d12h"))(t)
	if now := must(c.Clock(ctx))(t); !now.Now.Equal(later.Now) {
		t.Fatalf("%s, then %s", later.Now, now.Now)
	}
	all := must(c.Advance(ctx, "100w"))(t)
	if len(all.Fired) == 0 || all.Fired[0].Event != "key rotated" || all.Fired[0].Resource != id {
		t.Fatalf("fired %+v", all.Fired)
	}
	day := time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	if now := must(c.SetClock(ctx, day))(t); !now.Now.Equal(day) {
		t.Fatalf("set to %s", now.Now)
	}
	if now := must(c.Run(ctx, 1000))(t); now.Frozen || now.Rate != 1000 {
		t.Fatalf("%+v", now)
	}
	if now := must(c.Resume(ctx))(t); now.Frozen || now.Rate != 1 {
		t.Fatalf("%+v", now)
	}
	for _, bad := range []string{"", "soon", "-1d", "1d-1h", "99999999999999d", "1.5d"} {
		if _, err := c.Advance(ctx, bad); err == nil {
			t.Errorf("advance by %q is accepted", bad)
		}
	}
	if _, err := c.Run(ctx, -1); err == nil {
		t.Error("a negative rate is accepted")
	}
}

func TestFaultsAndCalls(t *testing.T) {
	c, s := client(t)
	ctx := t.Context()
	rules := must(c.AddFaults(ctx, "CreateKey:reject:1,ListKeys:delay=1ms"))(t)
	if len(rules) != 2 || rules[0].ID == rules[1].ID {
		t.Fatalf("%+v", rules)
	}
	must(c.AddFault(ctx, fault.Rule{Operation: "DescribeKey", Key: "k", Action: fault.Reject, Times: -1}))(t)
	if _, err := c.AddFaults(ctx, "CreateKay:reject"); err == nil || !strings.Contains(err.Error(), `did you mean "CreateKey"`) {
		t.Fatalf("%v", err)
	}
	call(t, s, "CreateKey", "")
	id := call(t, s, "CreateKey", "ParameterOfTomorrow=1")
	call(t, s, "DescribeKey", "KeyId="+id)
	if n := must(c.CountCalls(ctx, calllog.Filter{Operation: "CreateKey"}))(t); n.Count != 2 || n.Dropped != 0 {
		t.Fatalf("%+v", n)
	}
	calls := must(c.Calls(ctx, calllog.Filter{Operation: "CreateKey", Fault: "reject"}))(t)
	if len(calls) != 1 || calls[0].Status != 503 {
		t.Fatalf("%+v", calls)
	}
	if found := must(c.Calls(ctx, calllog.Filter{Gateway: "public", Status: 200, Since: calls[0].Seq, Limit: 1}))(t); len(found) != 1 || found[0].Operation != "DescribeKey" || found[0].Key != id {
		t.Fatalf("%+v", found)
	}
	if unread := must(c.Unread(ctx))(t); unread["CreateKey"][0] != "ParameterOfTomorrow" {
		t.Fatalf("%v", unread)
	}
	evidence := must(c.Evidence(ctx))(t)
	if evidence[0].Operation != "CreateKey" || evidence[0].Succeeded != 1 || evidence[0].Injected != 1 {
		t.Fatalf("%+v", evidence)
	}
	if n := must(c.RemoveFaults(ctx, rules[1].ID))(t); n != 1 {
		t.Fatal(n)
	}
	if left := must(c.Faults(ctx))(t); len(left) != 2 || left[0].Fired != 1 {
		t.Fatalf("%+v", left)
	}
	if n := must(c.RemoveFaults(ctx))(t); n != 2 {
		t.Fatal(n)
	}
	if err := c.ClearCalls(ctx); err != nil {
		t.Fatal(err)
	}
	if n := must(c.CountCalls(ctx, calllog.Filter{}))(t); n.Count != 0 {
		t.Fatalf("%+v", n)
	}
}

func TestSnapshotsSeedAndReset(t *testing.T) {
	c, s := client(t)
	ctx := t.Context()
	first := call(t, s, "CreateKey", "")
	if err := c.SaveSnapshot(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	second := call(t, s, "CreateKey", "")
	if changes := must(c.DiffSnapshot(ctx, "one"))(t); len(changes) == 0 || changes[0].Kind != "added" {
		t.Fatalf("%+v", changes)
	}
	if names := must(c.Snapshots(ctx))(t); len(names) != 1 || names[0] != "one" {
		t.Fatalf("%v", names)
	}
	if err := c.LoadSnapshot(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	if call(t, s, "DescribeKey", "KeyId="+first) != first || call(t, s, "DescribeKey", "KeyId="+second) != "" {
		t.Fatal("the snapshot did not replace the model")
	}
	if err := c.LoadSnapshot(ctx, "two"); err == nil {
		t.Fatal("loaded what does not exist")
	}
	result := must(c.Seed(ctx, []byte(`{"keys":[{"id":"11111111-2222-3333-4444-555555555555"}]}`), false))(t)
	if result.Created == 0 || call(t, s, "DescribeKey", "KeyId=11111111-2222-3333-4444-555555555555") == "" {
		t.Fatalf("%+v", result)
	}
	if _, err := c.Seed(ctx, []byte(`{"kays":[]}`), false); err == nil {
		t.Fatal("an unknown member is accepted")
	}
	before := s.Ready()
	if err := c.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	after := s.Ready()
	if call(t, s, "DescribeKey", "KeyId="+first) != "" || after.AccessKeyID == before.AccessKeyID || after.Instance.ClientKeyPassword == before.Instance.ClientKeyPassword {
		t.Fatal("reset left something")
	}
}

func TestStatusAndReady(t *testing.T) {
	c, s := client(t)
	call(t, s, "ListKeys", "")
	status := must(c.Status(t.Context()))(t)
	if status.Data != "memory" || status.Auth != "off" || status.Throttle != "off" || status.Calls != 1 || status.Clock.Now.IsZero() {
		t.Fatalf("%+v", status)
	}
	var ready emulator.Ready
	if err := json.Unmarshal(must(c.Ready(t.Context()))(t), &ready); err != nil || ready != s.Ready() {
		t.Fatalf("%v %v", ready.Public, err)
	}
}

// TestGuard: neither web pages nor strangers may steer the emulator.
func TestGuard(t *testing.T) {
	_, s := client(t)
	ready := s.Ready()
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"allowed":          {func(*http.Request) {}, 200},
		"no token":         {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"wrong token":      {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		"bare token":       {func(r *http.Request) { r.Header.Set("Authorization", ready.ControlToken) }, 401},
		"a web page":       {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1") }, 403},
		"an opaque origin": {func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"a rebound name":   {func(r *http.Request) { r.Host = "evil.example" }, 403},
		"another method":   {func(r *http.Request) { r.Method = "PUT" }, 405},
		"another path":     {func(r *http.Request) { r.URL.Path = "/keys" }, 404},
		"a typing mistake": {func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/calls", "opration=CreateKey" }, 400},
	} {
		r, err := http.NewRequestWithContext(context.Background(), "GET", ready.Control+"/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+ready.ControlToken)
		c.change(r)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, response.StatusCode, c.status)
		}
	}
}

func TestClientErrorsSayWhatToDo(t *testing.T) {
	if _, err := control.FromReadyFile(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "ready-file") {
		t.Errorf("%v", err)
	}
	_, s := client(t)
	ready := s.Ready()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := control.NewClient(ready.Control, ready.ControlToken).Status(t.Context()); err == nil || !strings.Contains(err.Error(), "still running") {
		t.Errorf("%v", err)
	}
}
