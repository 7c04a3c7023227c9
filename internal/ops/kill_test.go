package ops

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// TestKilled: a process killed at any moment leaves the old file or the new one, whole, and no plaintext
// under any other name.
func TestKilled(t *testing.T) {
	r := newRig(t)
	keys := []string{r.aesKey(), r.aesKey()}
	for _, size := range []int{2000, 1 << 20} {
		for _, do := range []string{"encrypt", "decrypt", "rewrap"} {
			t.Run(fmt.Sprintf("%s-%d", do, size), func(t *testing.T) {
				r := &rig{t: t, server: r.server, clients: r.clients, dir: t.TempDir()}
				plain := pattern(size, 9)
				envelope := r.encrypted(r.engine(), "a", plain, Seal{Key: keys[0]})
				for n := range 12 {
					j := job{Do: do, Ready: r.ready, Seal: Seal{Key: keys[n%2]}, From: r.path("a"), To: r.path("a.enc")}
					if do != "encrypt" {
						j.From, j.To = envelope, r.path("out")
					}
					r.kill(j.command(t), time.Duration(rand.IntN(12000))*time.Microsecond)
					r.opens(envelope, plain)
					if out, err := os.ReadFile(r.path("out")); err == nil && !bytes.Equal(out, plain) {
						t.Fatalf("the output has %d bytes of %d", len(out), size)
					}
					r.noForeignNames()
				}
			})
		}
	}
}

// TestKilledWhileValuesAreSealed is TestKilled for documents: written beside their source, rewrapped, and in the place
// of their source, where the old file is the only one.
func TestKilledWhileValuesAreSealed(t *testing.T) {
	r := newRig(t)
	keys := []string{r.aesKey(), r.aesKey()}
	plain := []byte("# of the service\nlist:\n" + strings.Repeat("  - some value # and why\n", 500))
	for _, do := range []string{"encrypt", "rewrap", "in place"} {
		t.Run(do, func(t *testing.T) {
			r := &rig{t: t, server: r.server, clients: r.clients, dir: t.TempDir()}
			values := func(n int) Seal {
				return Seal{Key: keys[n%2], Values: &Values{Format: "yaml"}, InPlace: do == "in place"}
			}
			file := r.encrypted(r.engine(), "a", plain, values(0))
			for n := range 12 {
				j := job{Do: do, Ready: r.ready, Seal: values(n), From: file, To: file}
				if do == "encrypt" {
					j.From = r.path("a")
				}
				r.kill(j.command(t), time.Duration(rand.IntN(30000))*time.Microsecond)
				if do != "in place" || !bytes.Equal(r.read("a.enc"), plain) {
					r.opens(file, plain)
				}
				r.noForeignNames()
			}
		})
	}
}

// kill starts a child, lets it work for a while, kills it and waits for its end.
func (r *rig) kill(cmd *exec.Cmd, after time.Duration) {
	r.t.Helper()
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.StdoutPipe()
	r.must(err)
	r.must(cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		r.t.Fatalf("the child said %q, %v: %s", line, err, failed.String())
	}
	time.Sleep(after) // which moment it hits is chance, and all must do
	r.must(cmd.Process.Kill())
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); failed.Len() > 0 {
		r.t.Fatalf("the child failed (%v): %s", err, failed.String())
	}
}

// noForeignNames: only a whole file, in the instant before it takes its place, may have a temporary name, and
// on Linux nothing else.
func (r *rig) noForeignNames() {
	r.t.Helper()
	entries, err := os.ReadDir(r.dir)
	r.must(err)
	for _, e := range entries {
		if !durable.IsTemp(e.Name()) {
			continue
		}
		info, err := e.Info()
		r.must(err)
		if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "linux" {
			r.t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
		whole, err := os.ReadFile(filepath.Join(r.dir, e.Name()))
		r.must(err)
		if runtime.GOOS == "linux" && len(whole) < len(r.read("a")) {
			r.t.Errorf("%s holds %d bytes", e.Name(), len(whole))
		}
		r.must(os.Remove(filepath.Join(r.dir, e.Name())))
	}
}

// TestNoRoomLeavesTheOldFile: the system refuses to write on, by RLIMIT_FSIZE: the old output stays and nothing else appears.
func TestNoRoomLeavesTheOldFile(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	envelope := r.encrypted(r.engine(), "a", pattern(1<<20, 1), Seal{Key: key})
	old := r.read("a.enc")
	r.write("out", []byte("old"), 0o600)
	for _, j := range []job{
		{Do: "encrypt", From: r.path("a"), To: envelope},
		{Do: "decrypt", From: envelope, To: r.path("out")},
	} {
		j.Ready, j.Seal, j.Times, j.MaxFileSize = r.ready, Seal{Key: key}, 1, 300000
		text, err := j.command(t).CombinedOutput()
		if err == nil || !strings.Contains(string(text), syscall.EFBIG.Error()) {
			t.Errorf("%s: %v: %s", j.Do, err, text)
		}
	}
	if !bytes.Equal(r.read("a.enc"), old) || string(r.read("out")) != "old" || len(r.tree()) != 3 {
		t.Errorf("the old files are gone, or others came: %v", r.tree())
	}
}

// TestMemoryStaysSmall: what a large file needs beyond a small one is bounded, whatever its size.
func TestMemoryStaysSmall(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("writes 200 MB, and asks /proc")
	}
	r := newRig(t)
	key := r.aesKey()
	r.write("small", pattern(1000, 1), 0o600)
	large, err := os.Create(r.path("large"))
	r.must(err)
	r.must(large.Truncate(100 << 20))
	r.must(large.Close())
	peak := map[string]int{}
	for _, name := range []string{"small", "large"} {
		for _, j := range []job{
			{Do: "encrypt", From: r.path(name), To: r.path(name + ".enc")},
			{Do: "decrypt", From: r.path(name + ".enc"), To: r.path(name + ".out")},
		} {
			j.Ready, j.Seal, j.Times = r.ready, Seal{Key: key}, 1
			text, err := j.command(t).Output()
			r.must(err)
			var kib int
			_, rest, _ := strings.Cut(string(text), "peak ")
			if _, err := fmt.Sscan(rest, &kib); err != nil {
				t.Fatal(err)
			}
			peak[j.Do+" "+name] = kib
		}
	}
	t.Log(peak, "KiB")
	for _, do := range []string{"encrypt", "decrypt"} {
		if more := peak[do+" large"] - peak[do+" small"]; more > 32<<10 {
			t.Errorf("%s takes %d KiB more for 100 MiB", do, more)
		}
	}
}
