//go:build linux

package batches

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue/river"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/ops/keys"
	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
)

// rig is a module with two batches over one store, an emulator, and a database that keeps the queue.
type rig struct {
	t       *testing.T
	program string
	objects int
	full    bool
	dir     string
	server  *emulator.Server
	pg      *pgtest.Server
	queue   *river.Queue
	store   store
	fleet   *fleet
	client  *public.Client
	keys_   *keys.Keys
	key     string

	target, later string // versions
	poison        map[string]bool
	writes        map[string]int // of each object, when they were last counted
}

func newRig(t *testing.T, objects int, full bool) *rig {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, program: path, objects: objects, full: full, dir: t.TempDir(), pg: pgtest.Start(t), writes: map[string]int{}}
	r.server = emulatortest.New(t, func(o *emulator.Options) { o.Calls, o.OSSListen = 1<<21, "127.0.0.1:0" })
	r.queue, err = river.Open(t.Context(), river.Options{ConnStr: r.pg.ConnStr()}, os.Getenv)
	r.must(err)
	t.Cleanup(func() { _ = r.queue.Close() })
	r.fleet = &fleet{r: r}
	t.Cleanup(r.fleet.end)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// prepare applies the module and fills the store.
func (r *rig) prepare() {
	r.t.Helper()
	ready := r.server.Ready()
	chunk := min(max(r.objects/40, 20), 1000)
	module := fmt.Sprintf(`
gateway "kms" {
  region = %q
  public {
    endpoint = %q
    ca_file  = %q
  }
  instance {
    id       = %q
    endpoint = %q
    ca_file  = %q
  }
}
key "orders" {}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
`, ready.Region, ready.Public.HTTPS, ready.CAFile, ready.Instance.ID, ready.Instance.Endpoint, ready.CAFile)
	for name, action := range map[string]string{"seal": "action = \"encrypt\"\n  scope  = \"directory\"", "rewrap": "action = \"rewrap\""} {
		module += fmt.Sprintf("batch %q {\n  %s\n  key = \"alias/orders\"\n  source {\n%s\n  }\n  chunk {\n    objects = %d\n  }\n  rate {\n    calls_per_second = %d\n  }\n  queue {\n    postgres {}\n  }\n}\n",
			name, action, r.store.block(), chunk, perSecond)
	}
	r.must(os.WriteFile(filepath.Join(r.dir, "main.kms.hcl"), []byte(module), 0o600))
	r.run(0, "apply", "-auto-approve")
	r.run(0, "worker", "-migrate")
	r.connect()
	began := time.Now()
	for i := range r.objects {
		r.store.put(r.t, r.name(i), r.plain(i))
	}
	r.t.Logf("%d objects in %v", r.objects, time.Since(began).Round(time.Second))
	r.fleet.fill()
}

// name is the i-th object's; those of one directory share a data key.
func (r *rig) name(i int) string { return fmt.Sprintf("d%06d/%d", i/perKey, i%perKey) }

func (r *rig) plain(i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("canary of order %d\n", i), 1+i%40))
}

// keys is how many data keys there are.
func (r *rig) keys() int { return (r.objects + perKey - 1) / perKey }

// connect makes this process's own client, for what the trial does past the batch.
func (r *rig) connect() {
	r.t.Helper()
	ready := r.server.Ready()
	ca, err := transport.ReadCA(ready.CAFile, time.Now())
	r.must(err)
	r.client, err = public.NewDedicated(public.DedicatedConfig{
		Connection: transport.Connection{Endpoint: ready.Instance.Endpoint, CA: ca}, InstanceID: ready.Instance.ID, Region: ready.Region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{}),
	})
	r.must(err)
	r.t.Cleanup(r.client.Close)
	r.keys_ = keys.New(keys.Options{Ring: r, Now: time.Now})
	r.key = "alias/orders"
}

// Gateway implements keys.Ring.
func (r *rig) Gateway(context.Context, string) (keys.Gateway, error) {
	ready := r.server.Ready()
	return keys.Gateway{Name: "kms", Region: ready.Region, Account: ready.AccountID, Crypt: r.client}, nil
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

// sealed is an object's plaintext as another program seals it, under the primary version.
func (r *rig) sealed(name string) []byte {
	r.t.Helper()
	var dir, nr int
	_, err := fmt.Sscanf(name, "d%d/%d", &dir, &nr)
	r.must(err)
	k, err := r.keys_.DataKey(r.t.Context(), keys.Use{Gateway: "kms", Key: r.key}, keys.ScopeFile, name, 0)
	r.must(err)
	defer k.Release()
	var out bytes.Buffer
	w, err := envelope.Seal(r.t.Context(), &out, envelope.Options{DataKey: k.Key, Stanzas: k.Stanzas, Size: -1})
	r.must(err)
	_, err = w.Write(r.plain(dir*perKey + nr))
	r.must(err)
	r.must(w.Close())
	return out.Bytes()
}

// open opens an object, and tells the key version that it is under.
func (r *rig) open(content []byte) (plain []byte, version string, err error) {
	opened, err := envelope.Open(r.t.Context(), bytes.NewReader(content), envelope.OpenOptions{Identities: []envelope.Identity{r.keys_.Identity()}})
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	_, err = opened.WriteTo(&out)
	for _, k := range opened.Header().KMSStanzas() {
		version = k.KeyVersionID
	}
	return out.Bytes(), version, err
}

// command is kmsplan in the module, with RAM credentials.
func (r *rig) command(args ...string) *exec.Cmd {
	ready := r.server.Ready()
	c := exec.Command(r.program, args...)
	c.Dir = r.dir
	c.Env = append(append(os.Environ(), "HOME="+r.dir, "NO_COLOR=1", "KMSPLAN_PG_CONN_STR="+r.pg.ConnStr(),
		"ALIBABA_CLOUD_ACCESS_KEY_ID="+ready.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+ready.AccessKeySecret), r.store.env()...)
	return c
}

func (r *rig) run(code int, args ...string) []byte {
	r.t.Helper()
	c := r.command(args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if got := c.ProcessState.ExitCode(); got != code {
		r.t.Fatalf("kmsplan %v: exit code %d, want %d: %v\n%s%s", args, got, code, err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes()
}

// begin plans a batch and creates it, paused.
func (r *rig) begin(name string) {
	r.t.Helper()
	r.run(1, "batch", "start", "-input=false", "batch."+name)
	if record := r.record(name); record.Status != batch.Paused || record.Spec.Objects != int64(r.objects) {
		r.t.Fatalf("a batch that nobody approved is %+v", record)
	}
}

func (r *rig) record(name string) batch.Record {
	r.t.Helper()
	record, err := r.queue.Record(r.t.Context(), "batch."+name)
	r.must(err)
	return record
}

// failures are the objects that a batch's report names.
func (r *rig) failures(name string) map[string]bool {
	r.t.Helper()
	named := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(r.run(0, "batch", "report", "batch."+name)))
	for d.More() {
		var f batch.Failure
		r.must(d.Decode(&f))
		if f.Object != "" {
			named[f.Object] = true
		}
	}
	return named
}
