//go:build unix

package bench

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// large is the size of the large file, bytes.
const large = 1 << 30

// BenchmarkLargeFile encrypts and decrypts 1 GiB with the program, disk included, and with the age command where one is
// on the path. BenchmarkSeal and BenchmarkOpen of internal/envelope measure the body alone, beside the age library.
func BenchmarkLargeFile(b *testing.B) {
	w := newWorld(b, "memory")
	key := w.key()
	f, err := os.Create(filepath.Join(w.dir, "large"))
	w.must(err)
	for i := range large >> 20 {
		_, err := f.Write(fill(1<<20, i))
		w.must(err)
	}
	w.must(f.Close())
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"encrypt", []string{"encrypt", "-key", key, "-o", "large.enc", "large"}},
		{"decrypt", []string{"decrypt", "-o", "large.out", "large.enc"}},
		{"verify", []string{"verify", "large.enc"}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var s sum
			for b.Loop() {
				s.add(w.run(tt.args...))
			}
			s.report(b, large/1e6, "MB")
		})
	}
	for _, stdin := range []string{"encrypt", "decrypt"} {
		b.Run(stdin+"-pipe", func(b *testing.B) {
			var s sum
			for b.Loop() {
				s.add(w.piped(stdin, key))
			}
			s.report(b, large/1e6, "MB")
		})
	}
	ageLarge(b, w)
}

// piped works from standard input to /dev/null.
func (w *world) piped(what, key string) cost {
	w.tb.Helper()
	args, from := []string{what, "-key", key, "-"}, "large"
	if what == "decrypt" {
		args, from = []string{what, "-"}, "large.enc"
	}
	in, err := os.Open(filepath.Join(w.dir, from))
	w.must(err)
	defer in.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	w.must(err)
	defer null.Close()
	cmd := w.command(args...)
	cmd.Stdin, cmd.Stdout = in, null
	return measure(w.tb, cmd)
}

func ageLarge(b *testing.B, w *world) {
	age, err := exec.LookPath("age")
	if err != nil {
		return
	}
	keygen, err := exec.LookPath("age-keygen")
	if err != nil {
		return
	}
	w.must(exec.Command(keygen, "-o", filepath.Join(w.dir, "id")).Run())
	recipient, err := exec.Command(keygen, "-y", filepath.Join(w.dir, "id")).Output()
	w.must(err)
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"age-encrypt", []string{"-r", string(recipient[:len(recipient)-1]), "-o", "large.age", "large"}},
		{"age-decrypt", []string{"-d", "-i", "id", "-o", "large.out2", "large.age"}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var s sum
			for b.Loop() {
				cmd := exec.Command(age, tt.args...)
				cmd.Dir = w.dir
				s.add(measure(b, cmd))
			}
			s.report(b, large/1e6, "MB")
		})
	}
}

// fill is n bytes that differ by seed.
func fill(n, seed int) []byte {
	out := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

// small is how many small files there are, each like a configuration file.
const small = 1000

// smallFiles writes them into a new directory and returns their names. Every iteration has its own: a file system that
// was just made to forget a thousand files is slow to give their places away again.
func (w *world) smallFiles() (names []string) {
	w.tb.Helper()
	dir, err := os.MkdirTemp(w.dir, "files-")
	w.must(err)
	for i := range small {
		name := filepath.Join(filepath.Base(dir), fmt.Sprintf("%04d.yaml", i))
		w.write(name, fill(600, i))
		names = append(names, name)
	}
	return names
}

func suffixed(names []string, suffix string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name + suffix
	}
	return out
}

// BenchmarkSmallFiles encrypts and decrypts 1,000 files of 600 bytes in one call of the program, with a data key for each
// and with one for all; and with one process of age for each, where there is one on the path.
func BenchmarkSmallFiles(b *testing.B) {
	for _, scope := range []string{"file", "run"} {
		w := newWorld(b, "memory")
		key := w.key()
		b.Run("encrypt-scope="+scope, func(b *testing.B) {
			w.counted(b, func() []string {
				return append([]string{"encrypt", "-key", key, "-scope", scope}, w.smallFiles()...)
			})
		})
		b.Run("decrypt-scope="+scope, func(b *testing.B) {
			w.counted(b, func() []string {
				names := w.smallFiles()
				w.run(append([]string{"encrypt", "-key", key, "-scope", scope}, names...)...)
				for _, name := range names {
					w.must(os.Rename(filepath.Join(w.dir, name), filepath.Join(w.dir, name+".was")))
				}
				return append([]string{"decrypt"}, suffixed(names, ".enc")...)
			})
		})
	}
	if age, err := exec.LookPath("age"); err == nil {
		b.Run("age-encrypt-a-process-each", func(b *testing.B) { ageSmall(b, age) })
	}
}

// counted runs the program with new arguments each time, and counts its calls.
func (w *world) counted(b *testing.B, prepare func() []string) {
	b.Helper()
	var s sum
	calls := 0
	for b.Loop() {
		args := prepare()
		w.clearCalls()
		s.add(w.run(args...))
		calls = w.calls()
	}
	s.report(b, small, "files")
	b.ReportMetric(float64(calls), "calls/op")
}

func ageSmall(b *testing.B, age string) {
	w := &world{tb: b, dir: b.TempDir()}
	const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	var s sum
	for b.Loop() {
		var all cost
		for _, name := range w.smallFiles() {
			cmd := exec.Command(age, "-r", recipient, "-o", name+".age", name)
			cmd.Dir, cmd.Stdout = w.dir, io.Discard
			c := measure(b, cmd)
			all.wall, all.cpu, all.rss = all.wall+c.wall, all.cpu+c.cpu, max(all.rss, c.rss)
		}
		s.add(all)
	}
	s.report(b, small, "files")
}
