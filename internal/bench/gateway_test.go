//go:build unix

package bench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/clientkey"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/ops"
)

// rig is this process's own clients of an emulator in another process.
type rig struct {
	*world
	public    *public.Client
	dedicated *public.Client
	instance  *clientkey.Client
	key       string
	gateway   ops.Gateway
	local     *local // in place of the instance; nil = none
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	w := newWorld(tb, "memory")
	var ready emulator.Ready
	decode(tb, w.read("ready.json"), &ready)
	r := &rig{world: w, key: w.key()}
	ca, err := transport.ReadCA(ready.CAFile, time.Now())
	r.must(err)
	credentials := kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{})
	r.public, err = public.New(public.Config{Connection: transport.Connection{Endpoint: ready.Public.HTTPS, CA: ca}, Region: ready.Region, Credentials: credentials})
	r.must(err)
	r.dedicated, err = public.NewDedicated(public.DedicatedConfig{Connection: transport.Connection{Endpoint: ready.Instance.Endpoint, CA: ca},
		InstanceID: ready.Instance.ID, Region: ready.Region, Credentials: credentials})
	r.must(err)
	key, _, err := clientkey.Load(clientkey.Source{File: ready.Instance.ClientKeyFile, Password: kms.NewSecret(ready.Instance.ClientKeyPassword)}, time.Now())
	r.must(err)
	r.instance, err = clientkey.New(clientkey.Config{Connection: transport.Connection{Endpoint: ready.Instance.Endpoint, CA: ca}, InstanceID: ready.Instance.ID, Key: key})
	r.must(err)
	r.gateway = ops.Gateway{Name: "dev", Region: ready.Region, Account: ready.AccountID, Crypt: r.instance}
	tb.Cleanup(func() { r.public.Close(); r.dedicated.Close(); r.instance.Close() })
	return r
}

// Gateway implements ops.Keyring.
func (r *rig) Gateway(context.Context, string) (ops.Gateway, error) { return r.gateway, nil }

// ForKey implements ops.Keyring.
func (r *rig) ForKey(context.Context, string) ([]ops.Gateway, error) {
	return []ops.Gateway{r.gateway}, nil
}

func (r *rig) rotate() {
	r.tb.Helper()
	if r.local != nil {
		r.local.version++
		return
	}
	_, err := r.public.CreateKeyVersion(r.tb.Context(), r.key)
	r.must(err)
}

// callers is how many calls are under way at once, as in a batch.
const callers = 16

// measure makes b.N calls: this process's CPU, which is the client's, and the emulator's.
func (r *rig) measure(b *testing.B, call func(context.Context) error) {
	b.Helper()
	r.must(call(b.Context()))
	server := r.serverCPU()
	b.ResetTimer()
	began, client := time.Now(), ownCPU(b)
	together(b, func() error { return call(b.Context()) })
	wall, n := time.Since(began).Seconds(), float64(b.N)
	b.ReportMetric(n/(ownCPU(b)-client).Seconds(), "ops/client-cpu-s")
	b.ReportMetric(n/(r.serverCPU()-server).Seconds(), "ops/emulator-cpu-s")
	b.ReportMetric(n/wall, "ops/wall-s")
}

// together does b.N things from as many goroutines as there are callers.
func together(b *testing.B, do func() error) {
	b.Helper()
	var running sync.WaitGroup
	for c := range callers {
		running.Go(func() {
			for i := c; i < b.N; i += callers {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
}

// serverCPU is the CPU time that the emulator has used.
func (r *rig) serverCPU() time.Duration {
	r.tb.Helper()
	status, err := r.control.Status(context.Background())
	r.must(err)
	text, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(status.PID), "stat"))
	r.must(err)
	return ticks(r.tb, string(text))
}

// BenchmarkOperations makes small calls from 16 goroutines against an emulator in another process.
func BenchmarkOperations(b *testing.B) {
	r := newRig(b)
	ec := map[string]string{"this": "is", "encryption": "context"}
	for name, call := range map[string]func(context.Context) error{
		"instance/AdvanceEncrypt": func(ctx context.Context) error {
			_, err := r.instance.Encrypt(ctx, r.key, make([]byte, 32), ec)
			return err
		},
		"instance/AdvanceGenerateDataKey": func(ctx context.Context) error {
			_, err := r.instance.GenerateDataKey(ctx, r.key, 32, ec)
			return err
		},
		"dedicated/Encrypt": func(ctx context.Context) error {
			_, err := r.dedicated.Encrypt(ctx, r.key, make([]byte, 32), ec)
			return err
		},
		"public/DescribeKey": func(ctx context.Context) error {
			_, err := r.public.DescribeKey(ctx, r.key)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) { r.measure(b, call) })
	}
	b.Run("floor/RSA-2048-sign", signFloor)
}

// signFloor is what the signature alone allows that every ClientKey request carries, with every core busy as in the others:
// what a virtual CPU gets done depends on its neighbour.
func signFloor(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("request"))
	b.ResetTimer()
	before := ownCPU(b)
	together(b, func() error {
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		return err
	})
	b.ReportMetric(float64(b.N)/(ownCPU(b)-before).Seconds(), "ops/client-cpu-s")
}

// ticks reads the CPU time from /proc/PID/stat: fields 14 and 15, counted behind the name, which may hold anything.
func ticks(tb testing.TB, stat string) time.Duration {
	tb.Helper()
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(user+system) * time.Second / 100 // USER_HZ is 100 on every Linux
}
