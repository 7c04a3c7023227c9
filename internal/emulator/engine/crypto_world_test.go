package engine

import (
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// cryptoWorld is an engine in memory with a standing clock, its bootstrap
// (software) instance and a hardware instance.
type cryptoWorld struct {
	testing.TB
	e        *Engine
	software string
	hardware string
}

const (
	hardwareInstance = "kst-hzzhardware0000000000"
	testClientKey    = "KAAP.test"
)

func newCryptoWorld(t testing.TB, set ...func(*Options)) *cryptoWorld {
	t.Helper()
	db, err := store.Open(store.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	clk := clock.New()
	clk.Freeze()
	clk.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	var o Options
	for _, s := range set {
		s(&o)
	}
	e, err := New(db, clk, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &cryptoWorld{TB: t, e: e, software: e.Bootstrap().Instance, hardware: hardwareInstance}
	w.change(func(tx *store.Tx) {
		i, _ := e.table.instances.Get(tx, w.public().scope(w.software))
		i.ID, i.Kind = w.hardware, kindHardware
		e.putInstance(tx, i)
		e.table.clientKeys.Put(tx, w.public().scope(testClientKey), ClientKey{
			ID: testClientKey, AccessPoint: e.Bootstrap().AccessPoint, Account: e.opts.Account, Region: e.opts.Region,
			Created: e.now(), NotBefore: e.now(), NotAfter: e.now().AddDate(5, 0, 0),
		})
	})
	return w
}

func (w *cryptoWorld) change(fn func(*store.Tx)) {
	w.Helper()
	if err := w.e.db.Update(func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		w.Fatal(err)
	}
}

func (w *cryptoWorld) call(g Gateway, instance string) *Call {
	return &Call{
		Account: w.e.opts.Account, Region: w.e.opts.Region, Gateway: g, Instance: instance, RequestID: "request",
		Principal: "acs:ram::" + w.e.opts.Account + ":root",
	}
}

func (w *cryptoWorld) public() *Call    { return w.call(Public, "") }
func (w *cryptoWorld) dedicated() *Call { return w.call(Dedicated, w.software) }

// client is a call through the instance gateway by the bootstrap access point.
func (w *cryptoWorld) client() *Call {
	c := w.call(Instance, w.software)
	c.Principal, c.ClientKey = w.e.Bootstrap().AccessPoint, testClientKey
	return c
}

// ask runs an operation of the public and dedicated gateways.
func ask[Out any](w *cryptoWorld, c *Call, name string, in any) (*Out, error) {
	w.Helper()
	o, found := Operations()[name]
	if !found {
		w.Fatalf("no operation %s", name)
	}
	out, err := o.Handle(w.e, c, in)
	if err != nil {
		return nil, err
	}
	return out.(*Out), nil
}

// must is ask for what cannot fail.
func must[Out any](w *cryptoWorld, c *Call, name string, in any) *Out {
	w.Helper()
	out, err := ask[Out](w, c, name, in)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	return out
}

// askInstance runs an operation of the instance gateway.
func askInstance[Out proto.Message](w *cryptoWorld, c *Call, name string, in proto.Message) (Out, error) {
	w.Helper()
	var none Out
	o, found := InstanceOperations()[name]
	if !found {
		w.Fatalf("no instance operation %s", name)
	}
	out, err := o.Handle(w.e, c, in)
	if err != nil {
		return none, err
	}
	return out.(Out), nil
}

func mustInstance[Out proto.Message](w *cryptoWorld, c *Call, name string, in proto.Message) Out {
	w.Helper()
	out, err := askInstance[Out](w, c, name, in)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	return out
}

// key creates a key in an instance ("" = a default key).
func (w *cryptoWorld) key(instance, spec, usage string) KeyMetadata {
	w.Helper()
	in := &CreateKeyRequest{KeySpec: &spec}
	if instance != "" {
		in.DKMSInstanceId = &instance
	}
	if usage != "" {
		in.KeyUsage = &usage
	}
	return must[CreateKeyResponse](w, w.public(), "CreateKey", in).KeyMetadata
}

// version is a key's initial version id.
func (w *cryptoWorld) version(keyID string) (id string) {
	_ = w.e.db.View(func(tx *store.Tx) error {
		k, _ := w.e.table.keys.Peek(tx, w.public().scope(keyID))
		id = k.Initial
		return nil
	})
	return id
}

// setKey changes a key record behind the operations' back.
func (w *cryptoWorld) setKey(keyID string, change func(*Key)) {
	w.change(func(tx *store.Tx) {
		k, _ := w.e.table.keys.Get(tx, w.public().scope(keyID))
		change(&k)
		w.e.putKey(tx, &k)
	})
}

func (w *cryptoWorld) setInstance(id string, change func(*KMSInstance)) {
	w.change(func(tx *store.Tx) {
		i, _ := w.e.table.instances.Get(tx, w.public().scope(id))
		change(&i)
		w.e.putInstance(tx, i)
	})
}

// refusedWith fails unless err is the service's refusal with a code.
func refusedWith(t testing.TB, what string, err error, code string) {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// param is a parameter that is given.
func param[T any](v T) *T { return &v }

// pemToDER is a PEM public key as ExportDataKey takes it: DER in base64.
func pemToDER(t testing.TB, text string) string {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		t.Fatalf("not one PEM block: %q", text)
	}
	return base64Text(block.Bytes)
}

// secret creates a generic secret without an instance.
func (w *cryptoWorld) secret(name, version, value string) {
	w.Helper()
	must[createSecretResponse](w, w.public(), "CreateSecret", &createSecretRequest{SecretName: &name, VersionId: &version, SecretData: &value})
}
