package enginetest

import (
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// CryptoWorld is an engine in memory with a standing clock, its bootstrap
// (software) instance and a hardware instance.
type CryptoWorld struct {
	testing.TB
	E        *core.Engine
	Software string
	Hardware string
}

const (
	hardwareInstance = "kst-hzzhardware0000000000"
	TestClientKey    = "KAAP.test"
)

func NewCryptoWorld(t testing.TB, set ...func(*core.Options)) *CryptoWorld {
	t.Helper()
	db, err := store.Open(store.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	clk := clock.New()
	clk.Freeze()
	clk.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	var o core.Options
	for _, s := range set {
		s(&o)
	}
	e, err := engine.New(db, clk, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &CryptoWorld{TB: t, E: e, Software: e.Bootstrap().Instance, Hardware: hardwareInstance}
	w.Change(func(tx *store.Tx) {
		i, _ := e.Table.Instances.Get(tx, w.Public().Scope(w.Software))
		i.ID, i.Kind = w.Hardware, core.KindHardware
		e.PutInstance(tx, i)
		e.Table.ClientKeys.Put(tx, w.Public().Scope(TestClientKey), core.ClientKey{
			ID: TestClientKey, AccessPoint: e.Bootstrap().AccessPoint, Account: e.Opts.Account, Region: e.Opts.Region,
			Created: e.Now(), NotBefore: e.Now(), NotAfter: e.Now().AddDate(5, 0, 0),
		})
	})
	return w
}

func (w *CryptoWorld) Change(fn func(*store.Tx)) {
	w.Helper()
	if err := w.E.Db.Update(func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		w.Fatal(err)
	}
}

func (w *CryptoWorld) Call(g core.Gateway, instance string) *core.Call {
	return &core.Call{
		Account: w.E.Opts.Account, Region: w.E.Opts.Region, Gateway: g, Instance: instance, RequestID: "request",
		Principal: "acs:ram::" + w.E.Opts.Account + ":root",
	}
}

func (w *CryptoWorld) Public() *core.Call { return w.Call(core.Public, "") }

func (w *CryptoWorld) Dedicated() *core.Call { return w.Call(core.Dedicated, w.Software) }

// Client is a call through the instance gateway by the bootstrap access point.
func (w *CryptoWorld) Client() *core.Call {
	c := w.Call(core.Instance, w.Software)
	c.Principal, c.ClientKey = w.E.Bootstrap().AccessPoint, TestClientKey
	return c
}

// Ask runs an operation of the public and dedicated gateways.
func Ask[Out any](w *CryptoWorld, c *core.Call, name string, in any) (*Out, error) {
	w.Helper()
	o, found := engine.Operations()[name]
	if !found {
		w.Fatalf("no operation %s", name)
	}
	out, err := o.Handle(w.E, c, in)
	if err != nil {
		return nil, err
	}
	return out.(*Out), nil
}

// Must is ask for what cannot fail.
func Must[Out any](w *CryptoWorld, c *core.Call, name string, in any) *Out {
	w.Helper()
	out, err := Ask[Out](w, c, name, in)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	return out
}

// AskInstance runs an operation of the instance gateway.
func AskInstance[Out proto.Message](w *CryptoWorld, c *core.Call, name string, in proto.Message) (Out, error) {
	w.Helper()
	var none Out
	o, found := engine.InstanceOperations()[name]
	if !found {
		w.Fatalf("no instance operation %s", name)
	}
	out, err := o.Handle(w.E, c, in)
	if err != nil {
		return none, err
	}
	return out.(Out), nil
}

func MustInstance[Out proto.Message](w *CryptoWorld, c *core.Call, name string, in proto.Message) Out {
	w.Helper()
	out, err := AskInstance[Out](w, c, name, in)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	return out
}

// Key creates a key in an instance ("" = a default key).
func (w *CryptoWorld) Key(instance, spec, usage string) keys.KeyMetadata {
	w.Helper()
	in := &keys.CreateKeyRequest{KeySpec: &spec}
	if instance != "" {
		in.DKMSInstanceId = &instance
	}
	if usage != "" {
		in.KeyUsage = &usage
	}
	return Must[keys.CreateKeyResponse](w, w.Public(), "CreateKey", in).KeyMetadata
}

// Version is a key's initial version id.
func (w *CryptoWorld) Version(keyID string) (id string) {
	_ = w.E.Db.View(func(tx *store.Tx) error {
		k, _ := w.E.Table.Keys.Peek(tx, w.Public().Scope(keyID))
		id = k.Initial
		return nil
	})
	return id
}

// SetKey changes a key record behind the operations' back.
func (w *CryptoWorld) SetKey(keyID string, change func(*core.Key)) {
	w.Change(func(tx *store.Tx) {
		k, _ := w.E.Table.Keys.Get(tx, w.Public().Scope(keyID))
		change(&k)
		w.E.PutKey(tx, &k)
	})
}

func (w *CryptoWorld) SetInstance(id string, change func(*core.KMSInstance)) {
	w.Change(func(tx *store.Tx) {
		i, _ := w.E.Table.Instances.Get(tx, w.Public().Scope(id))
		change(&i)
		w.E.PutInstance(tx, i)
	})
}

// RefusedWith fails unless err is the service's refusal with a code.
func RefusedWith(t testing.TB, what string, err error, code string) {
	t.Helper()
	var refusal *core.Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// Param is a parameter that is given.
func Param[T any](v T) *T { return &v }

// PemToDER is a PEM public key as ExportDataKey takes it: DER in base64.
func PemToDER(t testing.TB, text string) string {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		t.Fatalf("not one PEM block: %q", text)
	}
	return core.Base64Text(block.Bytes)
}

// Secret creates a generic secret without an instance.
func (w *CryptoWorld) Secret(name, version, value string) {
	w.Helper()
	Must[secrets.CreateSecretResponse](w, w.Public(), "CreateSecret", &secrets.CreateSecretRequest{SecretName: &name, VersionId: &version, SecretData: &value})
}
