package witness

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/evidence"
)

var update = flag.Bool("update", false, "write testdata/evidence anew")

// clients are the witnesses, by the id of their record.
var clients = []evidence.Client{
	{ID: "go-kms-v3-ACS3", Name: "alibabacloud-go/kms-20160120/v3 3.2.3 (ACS3)", Language: "Go", Foreign: true, Agent: "TeaDSL/2"},
	{ID: "go-kms-v3-ACS4", Name: "alibabacloud-go/kms-20160120/v3 3.2.3 (ACS4)", Language: "Go", Foreign: true, Agent: "TeaDSL/2"},
	{ID: "go-kms-v3-RPC", Name: "alibabacloud-go/kms-20160120/v3 3.2.3 (RPC)", Language: "Go", Foreign: true, Agent: "TeaDSL/2"},
	{ID: "go-kms-v3-STS", Name: "kms-20160120/v3 with aliyun/credentials-go 1.4.14 (STS)", Language: "Go", Foreign: true, Agent: "TeaDSL/2"},
	{ID: "go-kms-v3-dedicated", Name: "kms-20160120/v3 on the dedicated gateway (RAM, Ca)", Language: "Go", Foreign: true, Agent: "TeaDSL/2"},
	{ID: "go-sdk-v1", Name: "aliyun/alibaba-cloud-sdk-go 1.63.107", Language: "Go", Foreign: true, Agent: "Core/1.63.22"},
	{ID: "go-dkms-gcs", Name: "aliyun/alibabacloud-dkms-gcs-go-sdk 0.5.1", Language: "Go", Foreign: true, Agent: "kms-gcs-go-sdk-version"},
	{ID: "go-dkms-transfer", Name: "aliyun/alibabacloud-dkms-transfer-go-sdk 0.1.8", Language: "Go", Foreign: true, Agent: "AlibabaCloud ("},
	{ID: "node-openapi-ACS3", Name: "@alicloud/openapi-client 0.4.15 (ACS3)", Language: "JavaScript", Foreign: true, Agent: "Node.js"},
	{ID: "node-openapi-body", Name: "@alicloud/openapi-client 0.4.15 (ACS3, form)", Language: "JavaScript", Foreign: true, Agent: "Node.js"},
	{ID: "node-openapi-RPC", Name: "@alicloud/openapi-client 0.4.15 (RPC, form)", Language: "JavaScript", Foreign: true, Agent: "Node.js"},
	{ID: "node-kms", Name: "@alicloud/kms20160120 1.2.0", Language: "JavaScript", Foreign: true, Agent: "Node.js"},
	{ID: "node-pop-core-GET", Name: "@alicloud/pop-core 1.8.0 (GET)", Language: "JavaScript", Foreign: true, Agent: "Node.js"},
	{ID: "node-pop-core-POST", Name: "@alicloud/pop-core 1.8.0 (POST)", Language: "JavaScript", Foreign: true, Agent: "Node.js"},
	{ID: "wire", Name: "requests written by hand from the reference", Language: "Go", Foreign: false, Agent: wireAgent},
}

// world is an emulator with one client under test and a helper that makes the
// calls which that client is too old for.
type world struct {
	*testing.T
	identity evidence.Client
	change   []func(*emulator.Options)
	server   *emulator.Server
	ready    emulator.Ready
	helper   client
	calls    []calllog.Call // of earlier servers
	names    int
}

func newWorld(t *testing.T, id string, change ...func(*emulator.Options)) *world {
	t.Helper()
	w := &world{T: t, change: change}
	for _, c := range clients {
		if c.ID == id {
			w.identity = c
		}
	}
	if w.identity.ID == "" {
		t.Fatalf("there is no client %s", id)
	}
	w.open()
	return w
}

func (w *world) open() {
	w.Helper()
	w.server = emulatortest.New(w.T, append([]func(*emulator.Options){func(o *emulator.Options) {
		o.SeedFile = filepath.Join("testdata", "seed.json")
	}}, w.change...)...)
	w.ready = w.server.Ready()
	w.helper = newHelper(w)
}

// reset goes on with a new emulator and keeps what was seen.
func (w *world) reset(change ...func(*emulator.Options)) {
	w.Helper()
	w.collect()
	w.change = change
	w.open()
}

// collect takes the calls of the present emulator.
func (w *world) collect() {
	w.Helper()
	for _, c := range w.server.Calls().Calls(calllog.Filter{}) {
		if strings.Contains(c.Agent, helperAgent) {
			continue
		}
		if !strings.Contains(c.Agent, w.identity.Agent) {
			w.Fatalf("%s came from %q, which is not %s", c.Operation, c.Agent, w.identity.Name)
		}
		if len(c.Unread) > 0 && c.Status == 200 {
			w.Errorf("%s: nothing reads %v", c.Operation, c.Unread)
		}
		if c.Status >= 500 && c.Fault == "" {
			w.Errorf("%s failed: %+v", c.Operation, c)
		}
		w.calls = append(w.calls, c)
	}
}

// testify holds what the client did against its record. A run of a part of the
// tests proves nothing about the record.
func (w *world) testify() {
	w.Helper()
	w.collect()
	if w.Failed() {
		return
	}
	got, err := evidence.Gather(w.identity, w.calls).Encode()
	if err != nil {
		w.Fatal(err)
	}
	path := filepath.Join("testdata", "evidence", w.identity.ID+".json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			w.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		w.Errorf("%s is not what the client did; go test -update ./... writes it anew, then the table in docs/emulator.md", path)
	}
}

func (w *world) session() engine.Credential {
	w.Helper()
	session, err := w.server.Engine().CreateSTS(engine.Session{})
	if err != nil {
		w.Fatal(err)
	}
	return session
}

// name makes a name that is new in this world.
func (w *world) name(prefix string) string {
	w.names++
	return fmt.Sprintf("%s-%d", prefix, w.names)
}

// ask makes a call, by the helper if the client is too old for it.
func (w *world) ask(c client, operation string, p params) (answer, error) {
	a, err := c.call(operation, p)
	if errors.Is(err, errUnsupported) {
		return w.helper.call(operation, p)
	}
	return a, err
}

// must makes a call that succeeds.
func (w *world) must(c client, operation string, p params) answer {
	w.Helper()
	a, err := w.ask(c, operation, p)
	if err != nil {
		w.Fatalf("%s: %v", operation, err)
	}
	if a.text("RequestId") == "" {
		w.Errorf("%s: no RequestId in %v", operation, a)
	}
	return a
}

// refused makes a call that is refused as "status Code" says.
func (w *world) refused(c client, want, operation string, p params) {
	w.Helper()
	a, err := w.ask(c, operation, p)
	var r *refusal
	if !errors.As(err, &r) {
		w.Errorf("%s: want %s, got %v %v", operation, want, a, err)
		return
	}
	status, code, _ := strings.Cut(want, " ")
	if r.Code != code || r.Status != 0 && fmt.Sprint(r.Status) != status {
		w.Errorf("%s: want %s, got %v", operation, want, r)
	}
}

// equal compares a member of an answer.
func (w *world) equal(a answer, path string, want any) {
	w.Helper()
	if got := a.text(path); got != fmt.Sprint(want) {
		w.Errorf("%s = %q, want %q in %v", path, got, want, a)
	}
}

// same is false and an error if two texts differ.
func (w *world) same(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s is %q, want %q", what, got, want)
	}
}
