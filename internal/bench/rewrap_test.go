//go:build unix

package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"

	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/ops"
)

// BenchmarkRewrap brings one file under a new key version, synced, beside decrypting and encrypting it anew: with the
// instance gateway of an emulator, whose every call carries an RSA signature (a rewrap makes three, the other way two), and with
// KMS excluded. It is measured in this process, because starting one costs more than either.
func BenchmarkRewrap(b *testing.B) {
	for _, gateway := range []string{"instance", "excluded"} {
		for _, size := range []int{1 << 20, 64 << 20, 512 << 20} {
			name := fmt.Sprintf("/kms=%s/%dMiB", gateway, size>>20)
			b.Run("rewrap"+name, func(b *testing.B) {
				r := rewrapRig(b, gateway, size)
				each(b, r.rotate, func() { r.rewrap("a") })
			})
			b.Run("anew"+name, func(b *testing.B) {
				r := rewrapRig(b, gateway, size)
				each(b, r.rotate, func() { r.decrypt("a"); r.encrypt("a") })
			})
		}
	}
}

// rewrapRig has a file of that size, encrypted.
func rewrapRig(b *testing.B, gateway string, size int) *rig {
	b.Helper()
	r := newRig(b)
	if gateway == "excluded" {
		r.local = &local{}
		r.gateway.Crypt = r.local
	}
	r.file("a", size)
	r.encrypt("a")
	return r
}

// local stands for a KMS that costs nothing: its blobs are the data keys. Only the calls that files need exist.
type local struct {
	kms.Cryptographer
	version int
}

func (l *local) GenerateDataKey(_ context.Context, key string, n int, _ map[string]string) (kms.DataKey, error) {
	plain := make([]byte, n)
	rand.Read(plain)
	return kms.DataKey{KeyID: key, KeyVersionID: fmt.Sprint("v", l.version), Plaintext: kms.SecretBytes(plain), Blob: bytes.Clone(plain), Protocol: kms.ProtocolAdvance}, nil
}

func (l *local) Encrypt(_ context.Context, key string, plain []byte, _ map[string]string) (kms.Wrapped, error) {
	return kms.Wrapped{KeyID: key, KeyVersionID: fmt.Sprint("v", l.version), Blob: bytes.Clone(plain), Protocol: kms.ProtocolAdvance}, nil
}

func (l *local) Decrypt(_ context.Context, w kms.Wrapped, _ map[string]string) ([]byte, string, error) {
	return bytes.Clone(w.Blob), "", nil
}

// each measures one half of every iteration.
func each(b *testing.B, prepare, work func()) {
	b.Helper()
	var s sum
	for b.Loop() {
		b.StopTimer()
		prepare()
		began, cpu := time.Now(), ownCPU(b)
		b.StartTimer()
		work()
		s.add(cost{wall: time.Since(began), cpu: ownCPU(b) - cpu})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(s.wall.Seconds()*1e3/float64(s.n), "wall-ms/op")
	b.ReportMetric(s.cpu.Seconds()*1e3/float64(s.n), "cpu-ms/op")
}

// file makes a file of that size.
func (r *rig) file(name string, size int) {
	r.tb.Helper()
	f, err := os.Create(filepath.Join(r.dir, name))
	r.must(err)
	defer f.Close()
	for i := 0; i < size; i += 1 << 20 {
		_, err := f.Write(fill(1<<20, i))
		r.must(err)
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) engine() *ops.Engine { return ops.New(ops.Options{Keyring: r, Now: time.Now}) }

func (r *rig) encrypt(name string) {
	r.tb.Helper()
	_, err := r.engine().EncryptFile(r.tb.Context(), r.path(name), r.path(name+".enc"), ops.Seal{Key: r.key}, nil)
	r.must(err)
}

func (r *rig) decrypt(name string) {
	r.tb.Helper()
	_, err := r.engine().DecryptFile(r.tb.Context(), r.path(name+".enc"), r.path(name), ops.Unseal{}, nil)
	r.must(err)
}

func (r *rig) rewrap(name string) {
	r.tb.Helper()
	_, changed, err := r.engine().Rewrap(r.tb.Context(), r.path(name+".enc"), ops.Target{Key: r.key})
	r.must(err)
	if !changed {
		r.tb.Fatal("nothing was rewrapped")
	}
}

// BenchmarkRewrapMany rewraps 1,000 small envelopes in one call of the program.
func BenchmarkRewrapMany(b *testing.B) {
	for _, scope := range []string{"file", "run"} {
		b.Run("scope="+scope, func(b *testing.B) {
			w := newWorld(b, "memory")
			key, names := w.key(), w.smallFiles()
			w.run(append([]string{"encrypt", "-key", key, "-scope", scope}, names...)...)
			w.counted(b, func() []string {
				w.run("kms", "CreateKeyVersion", "-key-id", key)
				return append([]string{"rewrap", "-key", key}, suffixed(names, ".enc")...)
			})
		})
	}
}
