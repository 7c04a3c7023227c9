package bench

import (
	"fmt"

	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/ops"
)

// BenchmarkRewrap brings one file under a new key version, on the disk and synced, beside decrypting and encrypting it anew;
// and the whole file of 1,000 rotated files in one call of the program. What it costs the engine is measured in this process,
// because starting a process costs more than either.
func BenchmarkRewrap(b *testing.B) {
	for _, size := range []int{1 << 20, 64 << 20, 512 << 20} {
		name := fmt.Sprint(size>>20, "MiB")
		b.Run("rewrap/"+name, func(b *testing.B) {
			r := newRig(b)
			r.file("a", size)
			r.encrypt("a")
			each(b, func() { r.rotate() }, func() { r.rewrap("a") })
		})
		b.Run("anew/"+name, func(b *testing.B) {
			r := newRig(b)
			r.file("a", size)
			r.encrypt("a")
			each(b, func() { r.rotate() }, func() { r.decrypt("a"); r.encrypt("a") })
		})
	}
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
			args := []string{"rewrap", "-key", key}
			for _, name := range names {
				args = append(args, name+".enc")
			}
			var s sum
			calls := 0
			for b.Loop() {
				w.run("kms", "CreateKeyVersion", "-key-id", key)
				w.clearCalls()
				s.add(w.run(args...))
				calls = w.calls()
			}
			s.report(b, small, "files")
			b.ReportMetric(float64(calls), "calls/op")
		})
	}
}
