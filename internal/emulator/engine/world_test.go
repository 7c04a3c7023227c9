package engine_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// fields are an operation's parameters or its answer.
type fields = map[string]any

// world is an engine with a standing clock, spoken to as the gateways do: by
// operation name and parameters.
type world struct {
	testing.TB
	e          *engine.Engine
	db         *store.DB
	call       engine.Call
	operations map[string]engine.Operation
}

// began is where the worlds' clocks stand.
var began = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

const hardware = "kst-hzzhardware0000000000"

func newWorld(t testing.TB, set ...func(*engine.Options)) *world {
	return openWorld(t, store.Options{Memory: true}, set...)
}

func openWorld(t testing.TB, where store.Options, set ...func(*engine.Options)) *world {
	t.Helper()
	db, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	clk := clock.New()
	clk.Freeze()
	clk.Set(began)
	var o engine.Options
	for _, s := range set {
		s(&o)
	}
	e, err := engine.New(db, clk, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, e: e, db: db, operations: engine.Operations()}
	boot := e.Bootstrap()
	w.call = engine.Call{
		Account: boot.Account, Region: boot.Region, Gateway: engine.Public,
		Principal: "acs:ram::" + boot.Account + ":user/tester", RequestID: "request",
	}
	return w
}

// try calls an operation.
func (w *world) try(name string, in fields) (fields, error) {
	w.Helper()
	o, found := w.operations[name]
	if !found {
		w.Fatalf("there is no operation %s", name)
	}
	sent, err := json.Marshal(in)
	if err != nil {
		w.Fatal(err)
	}
	request := o.New()
	decoder := json.NewDecoder(strings.NewReader(string(sent)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request); err != nil {
		w.Fatalf("%s does not take %s: %v", name, sent, err)
	}
	c := w.call
	answer, err := o.Handle(w.e, &c, request)
	if err != nil {
		return nil, err
	}
	received, err := json.Marshal(answer)
	if err != nil {
		w.Fatal(err)
	}
	var out fields
	if err := json.Unmarshal(received, &out); err != nil {
		w.Fatal(err)
	}
	return out, nil
}

// do calls an operation that must succeed.
func (w *world) do(name string, in fields) fields {
	w.Helper()
	out, err := w.try(name, in)
	if err != nil {
		w.Fatalf("%s %v: %v", name, in, err)
	}
	return out
}

// refusal tells how an operation is refused: the code, or "" if it is not.
func (w *world) refusal(name string, in fields) (code string, status int) {
	w.Helper()
	_, err := w.try(name, in)
	var refused *engine.Error
	if errors.As(err, &refused) {
		return refused.Code, refused.Status
	}
	if err != nil {
		w.Fatalf("%s %v: %v is no refusal", name, in, err)
	}
	return "", 200
}

func (w *world) refused(code string, status int, name string, in fields) {
	w.Helper()
	if gotCode, gotStatus := w.refusal(name, in); gotCode != code || gotStatus != status {
		w.Errorf("%s %.200v: %d %s, want %d %s", name, in, gotStatus, gotCode, status, code)
	}
}

// key creates a key and returns its id.
func (w *world) key(in fields) string {
	w.Helper()
	return w.do("CreateKey", in)["KeyMetadata"].(fields)["KeyId"].(string)
}

// instanceKey creates a key in the bootstrap instance.
func (w *world) instanceKey(in fields) string {
	w.Helper()
	with := fields{"DKMSInstanceId": w.e.Bootstrap().Instance}
	for k, v := range in {
		with[k] = v
	}
	return w.key(with)
}

func (w *world) metadata(id string) fields {
	w.Helper()
	return w.do("DescribeKey", fields{"KeyId": id})["KeyMetadata"].(fields)
}

func (w *world) advance(d time.Duration) []engine.Fired {
	w.Helper()
	fired, err := w.e.Advance(d)
	if err != nil {
		w.Fatal(err)
	}
	return fired
}

func (w *world) seed(doc string) {
	w.Helper()
	if _, err := w.e.SeedFrom(strings.NewReader(doc), false); err != nil {
		w.Fatal(err)
	}
}

// withHardware adds a hardware instance.
func (w *world) withHardware() *world {
	w.Helper()
	w.seed(`{"instances":[{"id":"` + hardware + `","kind":"hardware","public_access":true}]}`)
	return w
}

// list takes the list at a path such as Keys.Key out of an answer.
func list(answer fields, path string) []fields {
	var at any = answer
	for _, name := range strings.Split(path, ".") {
		at = at.(fields)[name]
	}
	var out []fields
	for _, v := range at.([]any) {
		out = append(out, v.(fields))
	}
	return out
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// seeded makes an engine deterministic.
func seeded(o *engine.Options) { o.Rand = engine.SeededRand([32]byte{7}) }

func generous(o *engine.Options) {
	o.Quotas = engine.Quotas{DefaultKeys: 1 << 20, Aliases: 1 << 20, DefaultVersions: 1 << 20}
}
