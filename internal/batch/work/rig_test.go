package work

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// rig is an emulator with a key, a client over TLS, and a source in memory.
type rig struct {
	t      testing.TB
	server *emulator.Server
	client *public.Client
	ready  emulator.Ready
	source *sourcetest.Memory
	key    string
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, server: emulatortest.New(t), source: sourcetest.NewMemory()}
	r.ready = r.server.Ready()
	ca, err := transport.ReadCA(r.ready.CAFile, time.Now())
	r.must(err)
	r.client, err = public.New(public.Config{
		Connection: transport.Connection{Endpoint: r.ready.Public.HTTPS, CA: ca}, Region: r.ready.Region,
		Credentials: kms.StaticCredentials(r.ready.AccessKeyID, kms.NewSecret(r.ready.AccessKeySecret), kms.Secret{}), Retry: transport.RetryConfig{MaxAttempts: 1},
	})
	r.must(err)
	spec := "Aliyun_AES_256"
	k, err := r.client.CreateKey(t.Context(), kms.CreateKeyInput{InstanceID: &r.ready.Instance.ID, Spec: &spec})
	r.must(err)
	r.key = k.ID
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// Gateway implements keys.Ring.
func (r *rig) Gateway(context.Context, string) (keys.Gateway, error) {
	return keys.Gateway{Name: "here", Region: r.ready.Region, Account: r.ready.AccountID, Crypt: r.client}, nil
}

// ForKey implements keys.Ring.
func (r *rig) ForKey(ctx context.Context, _ string) ([]keys.Gateway, error) {
	g, err := r.Gateway(ctx, "")
	return []keys.Gateway{g}, err
}

// primary is the key's primary version.
func (r *rig) primary() string {
	r.t.Helper()
	made, err := r.client.GenerateDataKey(r.t.Context(), r.key, 32, nil)
	r.must(err)
	return made.KeyVersionID
}

func (r *rig) rotate() string {
	r.t.Helper()
	v, err := r.client.CreateKeyVersion(r.t.Context(), r.key)
	r.must(err)
	return v.ID
}

// worker works on a batch to the key's primary version.
func (r *rig) worker(action batch.Action, change ...func(*batch.Spec)) *Worker {
	r.t.Helper()
	spec := batch.Spec{
		Address: "batch.archive", Action: action, MaxFailures: -1, Manifest: "0011",
		Target: batch.Target{Gateway: "here", KeyID: r.key, Version: r.primary()},
	}
	for _, c := range change {
		c(&spec)
	}
	return &Worker{Spec: spec, Source: r.source, Keys: keys.New(keys.Options{Ring: r, Now: time.Now}), Name: "a test"}
}

var bound = envelope.Context{"app": "orders"}

// put seals an object past the batch.
func (r *rig) put(name string, plain []byte) {
	r.t.Helper()
	w := r.worker(batch.Encrypt, func(s *batch.Spec) { s.Context = bound })
	r.source.Put(name, plain)
	if got := r.object(w, name); got.Outcome != batch.Written {
		r.t.Fatalf("sealing %s: %+v %+v", name, got, got.Failure)
	}
}

// entry is what a plan sees of an object.
func (r *rig) entry(name string) batch.Entry {
	r.t.Helper()
	h, err := r.source.Open(r.t.Context(), name)
	if err != nil {
		return batch.Entry{Name: name}
	}
	e, err := See(h, batch.Target{})
	r.must(err)
	return e.Entry
}

func (r *rig) object(w *Worker, name string) batch.Result {
	r.t.Helper()
	got, err := w.Object(r.t.Context(), 0, r.entry(name))
	r.must(err)
	return got
}

// opens demands that an object opens to a plaintext.
func (r *rig) opens(name string, want []byte) {
	r.t.Helper()
	var plain bytes.Buffer
	k := keys.New(keys.Options{Ring: r, Now: time.Now})
	opened, err := envelope.Open(r.t.Context(), bytes.NewReader(r.source.Get(name)), envelope.OpenOptions{Identities: []envelope.Identity{k.Identity()}, Context: bound})
	if err == nil {
		_, err = opened.WriteTo(&plain)
	}
	if err != nil || !bytes.Equal(plain.Bytes(), want) {
		r.t.Errorf("%s opens to %d bytes, want %d: %v", name, plain.Len(), len(want), err)
	}
}

// sizes are below and above what is sealed in memory, and what has slots.
func sizes() map[string][]byte {
	out := map[string][]byte{}
	for _, n := range []int{0, 1, 16 << 10, 64 << 10, inMemory, inMemory + 1, 3<<20 + 17} {
		out[fmt.Sprintf("of-%d", n)] = bytes.Repeat([]byte("0123456789abcdef7"), n/17+1)[:n]
	}
	return out
}
