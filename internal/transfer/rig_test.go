package transfer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/ops"
)

// rig is an emulator, clients of both its gateways over TLS, a shared key and a key of the instance.
type rig struct {
	t          *testing.T
	server     *emulator.Server
	callers    map[string]kms.Caller // by gateway
	old, fresh string                // keys
	dir        string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, server: emulatortest.New(t), dir: t.TempDir()}
	ready := r.server.Ready()
	ca, err := transport.ReadCA(ready.CAFile, time.Now())
	r.must(err)
	shared, err := public.New(public.Config{
		Connection: transport.Connection{Endpoint: ready.Public.HTTPS, CA: ca}, Region: ready.Region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{}),
	})
	r.must(err)
	key, _, err := clientkey.Load(clientkey.Source{File: ready.Instance.ClientKeyFile, Password: kms.NewSecret(ready.Instance.ClientKeyPassword)}, time.Now())
	r.must(err)
	instance, err := clientkey.New(clientkey.Config{
		Connection: transport.Connection{Endpoint: ready.Instance.Endpoint, CA: ca}, InstanceID: ready.Instance.ID, Key: key,
	})
	r.must(err)
	r.callers = map[string]kms.Caller{kms.GatewayPublic: shared, kms.GatewayInstance: instance}
	r.old, r.fresh = r.key(shared, nil), r.key(shared, &ready.Instance.ID)
	return r
}

func (r *rig) key(c *public.Client, instance *string) string {
	r.t.Helper()
	k, err := c.CreateKey(r.t.Context(), kms.CreateKeyInput{InstanceID: instance})
	r.must(err)
	return k.ID
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// caller finds who serves an operation, as the gateways of a stack do.
func (r *rig) caller(_ context.Context, operation, via string) (kms.Caller, kms.Operation, error) {
	for _, name := range []string{kms.GatewayInstance, kms.GatewayPublic} {
		c := r.callers[name]
		if c == nil || via != "" && via != name {
			continue
		}
		if op, ok := kms.FindOperation(c.Operations(), operation); ok {
			return c, op, nil
		}
	}
	return nil, kms.Operation{}, errors.New("no gateway serves " + operation)
}

// answer makes a call and reads a member of its answer, base64.
func (r *rig) answer(operation, via string, params map[string]any, member string) []byte {
	r.t.Helper()
	c, _, err := r.caller(r.t.Context(), operation, via)
	r.must(err)
	raw, err := c.Raw(r.t.Context(), operation, params)
	r.must(err)
	out := map[string]any{}
	r.must(json.Unmarshal(raw, &out))
	text, _ := out[member].(string)
	value, err := base64.StdEncoding.DecodeString(text)
	r.must(err)
	return value
}

// sealed is a text under the shared key.
func (r *rig) sealed(plain string, bound map[string]string) []byte {
	r.t.Helper()
	params := map[string]any{"KeyId": r.old, "Plaintext": base64.StdEncoding.EncodeToString([]byte(plain))}
	withContext(params, "EncryptionContext", bound)
	return r.answer("Encrypt", kms.GatewayPublic, params, "CiphertextBlob")
}

// opens is what a ciphertext holds, for an application at the shared gateway.
func (r *rig) opens(raw []byte, bound map[string]string) []byte {
	r.t.Helper()
	params := map[string]any{"CiphertextBlob": base64.StdEncoding.EncodeToString(raw)}
	withContext(params, "EncryptionContext", bound)
	return r.answer("Decrypt", kms.GatewayPublic, params, "Plaintext")
}

// noEnvelopes is a world without kmsplan's own files.
type noEnvelopes struct{ Envelopes }

func (noEnvelopes) KeyOf(string) (key, version string, ok bool) { return "", "", false }

// job moves files to the key of the instance.
func (r *rig) job(change ...func(*Job, *ops.Options)) *Job {
	r.t.Helper()
	j, o := &Job{Gateways: r.caller, Envelopes: noEnvelopes{}, To: r.fresh, Way: WayReEncrypt}, ops.Options{Now: time.Now}
	for _, c := range change {
		c(j, &o)
	}
	engine := ops.New(o)
	r.t.Cleanup(engine.Close)
	j.Files = engine
	r.must(j.Start().Survey(r.t.Context()))
	return j
}

func (r *rig) write(name string, content []byte) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	r.must(os.WriteFile(path, content, 0o600))
	return path
}

func (r *rig) read(path string) []byte {
	r.t.Helper()
	content, err := os.ReadFile(path)
	r.must(err)
	return content
}

// only demands that all items have a status, and that there are that many.
func (r *rig) only(items []Item, status string, n int) {
	r.t.Helper()
	if len(items) != n {
		r.t.Fatalf("%d items instead of %d: %+v", len(items), n, items)
	}
	for _, item := range items {
		if item.Status != status {
			r.t.Fatalf("%s instead of %s: %+v", item.Status, status, item)
		}
	}
}

// answers changes what a gateway answers.
type answers struct {
	kms.Caller
	change func(operation string, params map[string]any, answer json.RawMessage) json.RawMessage
}

func (a answers) Raw(ctx context.Context, operation string, params map[string]any) (json.RawMessage, error) {
	answer, err := a.Caller.Raw(ctx, operation, params)
	if err == nil {
		answer = a.change(operation, params, answer)
	}
	return answer, err
}
