package enginetest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/seed"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Fields are an operation's parameters or its answer.
type Fields = map[string]any

// World is an engine with a standing clock, spoken to as the gateways do: by
// operation name and parameters.
type World struct {
	testing.TB
	E          *core.Engine
	Db         *store.DB
	Call       core.Call
	Operations map[string]core.Operation
}

// Began is where the worlds' clocks stand.
var Began = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

const Hardware = "kst-hzzhardware0000000000"

func NewWorld(t testing.TB, set ...func(*core.Options)) *World {
	return OpenWorld(t, store.Options{Memory: true}, set...)
}

func OpenWorld(t testing.TB, where store.Options, set ...func(*core.Options)) *World {
	t.Helper()
	db, err := store.Open(where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	clk := clock.New()
	clk.Freeze()
	clk.Set(Began)
	var o core.Options
	for _, s := range set {
		s(&o)
	}
	e, err := engine.New(db, clk, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &World{TB: t, E: e, Db: db, Operations: engine.Operations()}
	boot := e.Bootstrap()
	w.Call = core.Call{
		Account: boot.Account, Region: boot.Region, Gateway: core.Public,
		Principal: "acs:ram::" + boot.Account + ":user/tester", RequestID: "request",
	}
	return w
}

// try calls an operation.
func (w *World) try(name string, in Fields) (Fields, error) {
	w.Helper()
	o, found := w.Operations[name]
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
	c := w.Call
	answer, err := o.Handle(w.E, &c, request)
	if err != nil {
		return nil, err
	}
	received, err := json.Marshal(answer)
	if err != nil {
		w.Fatal(err)
	}
	var out Fields
	if err := json.Unmarshal(received, &out); err != nil {
		w.Fatal(err)
	}
	return out, nil
}

// Do calls an operation that must succeed.
func (w *World) Do(name string, in Fields) Fields {
	w.Helper()
	out, err := w.try(name, in)
	if err != nil {
		w.Fatalf("%s %v: %v", name, in, err)
	}
	return out
}

// Refusal tells how an operation is refused: the code, or "" if it is not.
func (w *World) Refusal(name string, in Fields) (code string, status int) {
	w.Helper()
	_, err := w.try(name, in)
	var refused *core.Error
	if errors.As(err, &refused) {
		return refused.Code, refused.Status
	}
	if err != nil {
		w.Fatalf("%s %v: %v is no refusal", name, in, err)
	}
	return "", 200
}

func (w *World) Refused(code string, status int, name string, in Fields) {
	w.Helper()
	if gotCode, gotStatus := w.Refusal(name, in); gotCode != code || gotStatus != status {
		w.Errorf("%s %.200v: %d %s, want %d %s", name, in, gotStatus, gotCode, status, code)
	}
}

// Key creates a key and returns its id.
func (w *World) Key(in Fields) string {
	w.Helper()
	return w.Do("CreateKey", in)["KeyMetadata"].(Fields)["KeyId"].(string)
}

// InstanceKey creates a key in the bootstrap instance.
func (w *World) InstanceKey(in Fields) string {
	w.Helper()
	with := Fields{"DKMSInstanceId": w.E.Bootstrap().Instance}
	for k, v := range in {
		with[k] = v
	}
	return w.Key(with)
}

func (w *World) Metadata(id string) Fields {
	w.Helper()
	return w.Do("DescribeKey", Fields{"KeyId": id})["KeyMetadata"].(Fields)
}

func (w *World) Advance(d time.Duration) []core.Fired {
	w.Helper()
	fired, err := w.E.Advance(d)
	if err != nil {
		w.Fatal(err)
	}
	return fired
}

func (w *World) Seed(doc string) {
	w.Helper()
	if _, err := seed.From(w.E, strings.NewReader(doc), false); err != nil {
		w.Fatal(err)
	}
}

// WithHardware adds a hardware instance.
func (w *World) WithHardware() *World {
	w.Helper()
	w.Seed(`{"instances":[{"id":"` + Hardware + `","kind":"hardware","public_access":true}]}`)
	return w
}

// List takes the list at a path such as Keys.Key out of an answer.
func List(answer Fields, path string) []Fields {
	var at any = answer
	for _, name := range strings.Split(path, ".") {
		at = at.(Fields)[name]
	}
	var out []Fields
	for _, v := range at.([]any) {
		out = append(out, v.(Fields))
	}
	return out
}

func Base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func Days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// Seeded makes an engine deterministic.
func Seeded(o *core.Options) { o.Rand = core.SeededRand([32]byte{7}) }

func Generous(o *core.Options) {
	o.Quotas = core.Quotas{DefaultKeys: 1 << 20, Aliases: 1 << 20, DefaultVersions: 1 << 20}
}
