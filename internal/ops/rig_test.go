package ops

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// rig is an emulator, clients of its gateways over TLS, and a directory.
type rig struct {
	t      testing.TB
	server *emulator.Server
	*clients
	dir string
}

// clients are what a process has of a running emulator.
type clients struct {
	ready  emulator.Ready
	public *public.Client
	ring   ring
}

// ring is a Keyring of fixed gateways, in order.
type ring []Gateway

func (r ring) Gateway(_ context.Context, name string) (Gateway, error) {
	for _, g := range r {
		if g.Name == name || name == "" {
			return g, nil
		}
	}
	return Gateway{}, errors.New("there is no such gateway")
}

func (r ring) ForKey(context.Context, string) ([]Gateway, error) { return r, nil }

func newRig(t testing.TB) *rig {
	t.Helper()
	server := emulatortest.New(t)
	c, err := connect(server.Ready())
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, server: server, clients: c, dir: t.TempDir()}
}

// connect makes one attempt per call, so that a fault is seen. The gateways are "instance" and "public".
func connect(ready emulator.Ready) (*clients, error) {
	ca, err := transport.ReadCA(ready.CAFile, time.Now())
	if err != nil {
		return nil, err
	}
	public, err := public.New(public.Config{
		Connection: transport.Connection{Endpoint: ready.Public.HTTPS, CA: ca}, Region: ready.Region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{}), Retry: transport.RetryConfig{MaxAttempts: 1},
	})
	if err != nil {
		return nil, err
	}
	key, _, err := clientkey.Load(clientkey.Source{File: ready.Instance.ClientKeyFile, Password: kms.NewSecret(ready.Instance.ClientKeyPassword)}, time.Now())
	if err != nil {
		return nil, err
	}
	instance, err := clientkey.New(clientkey.Config{
		Connection: transport.Connection{Endpoint: ready.Instance.Endpoint, CA: ca}, InstanceID: ready.Instance.ID, Key: key, Retry: transport.RetryConfig{MaxAttempts: 1},
	})
	if err != nil {
		return nil, err
	}
	gateway := func(name string, c kms.Cryptographer) Gateway {
		return Gateway{Name: name, Region: ready.Region, Account: ready.AccountID, Crypt: c}
	}
	return &clients{ready, public, ring{gateway("instance", instance), gateway("public", public)}}, nil
}

// key creates a key in the instance; both gateways reach it.
func (r *rig) key(spec string) string {
	r.t.Helper()
	k, err := r.public.CreateKey(r.t.Context(), kms.CreateKeyInput{InstanceID: &r.ready.Instance.ID, Spec: &spec})
	r.must(err)
	return k.ID
}

func (r *rig) aesKey() string { r.t.Helper(); return r.key("Aliyun_AES_256") }

// rotate gives a key a new primary version and returns its id.
func (r *rig) rotate(key string) string {
	r.t.Helper()
	v, err := r.public.CreateKeyVersion(r.t.Context(), key)
	r.must(err)
	return v.ID
}

func (r *rig) engine(change ...func(*Options)) *Engine {
	o := Options{Keyring: r.ring, Now: time.Now}
	for _, c := range change {
		c(&o)
	}
	e := New(o)
	e.patience = 0
	r.t.Cleanup(e.Close)
	return e
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

// write makes a file with all directories above it.
func (r *rig) write(name string, content []byte, mode os.FileMode) string {
	r.t.Helper()
	path := r.path(name)
	r.must(os.MkdirAll(filepath.Dir(path), 0o755))
	r.must(os.WriteFile(path, content, mode))
	r.must(os.Chmod(path, mode))
	return path
}

func (r *rig) read(name string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.path(name))
	r.must(err)
	return b
}

func (r *rig) root() *os.Root {
	r.t.Helper()
	root, err := os.OpenRoot(r.dir)
	r.must(err)
	r.t.Cleanup(func() { root.Close() })
	return root
}

// encrypted is a file of that content, encrypted.
func (r *rig) encrypted(e *Engine, name string, content []byte, s Seal) string {
	r.t.Helper()
	r.write(name, content, 0o600)
	_, err := e.EncryptFile(r.t.Context(), r.path(name), r.path(name+".enc"), s, nil)
	r.must(err)
	return r.path(name + ".enc")
}

// opens demands that an envelope holds the content, for an engine that remembers nothing.
func (r *rig) opens(path string, want []byte) {
	r.t.Helper()
	var got bytes.Buffer
	f, err := os.Open(path)
	r.must(err)
	defer f.Close()
	_, err = r.engine().DecryptStream(r.t.Context(), &got, f, Unseal{}, nil)
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		r.t.Fatalf("%s: %d bytes of %d, error %v", path, got.Len(), len(want), err)
	}
}

// tree lists every file and directory below dir, relative, and fails on temporary files.
func (r *rig) tree() []string {
	r.t.Helper()
	var out []string
	r.must(filepath.WalkDir(r.dir, func(path string, _ os.DirEntry, err error) error {
		if name, _ := filepath.Rel(r.dir, path); name != "." {
			out = append(out, filepath.ToSlash(name))
		}
		if durable.IsTemp(filepath.Base(path)) {
			r.t.Errorf("a temporary file is left: %s", path)
		}
		return err
	}))
	return out
}

// calls is how many of some operations the emulator carried out.
func (r *rig) calls(operations ...string) int {
	n := 0
	for _, op := range operations {
		n += len(r.server.Calls().Calls(calllog.Filter{Operation: op}))
	}
	return n
}

func (r *rig) fault(text string) {
	r.t.Helper()
	_, err := r.server.Faults().AddText(text)
	r.must(err)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// wants demands an error that says that.
func wants(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one that says %q", err, text)
	}
}

// pattern is n bytes that do not compress or repeat soon.
func pattern(n int, seed byte) []byte {
	out := make([]byte, n)
	x := uint32(seed) + 1
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }
