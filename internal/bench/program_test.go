//go:build unix

package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// program is the command line, built when the first benchmark needs it.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "kmsplan")
	out, err := exec.Command("go", "build", "-o", path, "kmsplan.dev/kmsplan/cmd/kmsplan").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build kmsplan: %w: %s", err, out)
	}
	return path, nil
})

// scratch is a directory for the whole run, on the disk that tests use.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "kmsplan-bench-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// TestTheProgramRuns keeps the drivers compiling and the commands they use in being.
func TestTheProgramRuns(t *testing.T) {
	w := newWorld(t, "memory")
	w.write("a", []byte("content"))
	w.run("encrypt", "-key", w.key(), "a")
	w.run("decrypt", "-o", "b", "a.enc")
	if string(w.read("b")) != "content" {
		t.Error("another content")
	}
	if c := w.calls(); c != 4 { // CreateKey, the data key, its proof, and its opening
		t.Errorf("%d calls were counted", c)
	}
}

// world is a module directory and an emulator in a process of its own.
type world struct {
	tb      testing.TB
	dir     string
	control *control.Client
	program string
	env     []string // beside the machine's
}

// newWorld starts an emulator that keeps its data in memory or on the disk, with more flags of `emulator serve`.
func newWorld(tb testing.TB, keep string, more ...string) *world {
	tb.Helper()
	flag := "-memory"
	if keep == "disk" {
		flag = "-data=" + tb.TempDir()
	}
	w := emptyWorld(tb)
	w.serve(append([]string{flag}, more...)...)
	return w
}

// emptyWorld has no emulator yet.
func emptyWorld(tb testing.TB) *world {
	tb.Helper()
	path, err := program()
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{tb: tb, dir: tb.TempDir(), program: path}
	w.write("gateway.kms.hcl", []byte("gateway \"dev\" {\n  emulator { ready_file = \"ready.json\" }\n}\n"))
	return w
}

// serve starts an emulator, which ends with the test or when it is told to stop.
func (w *world) serve(flags ...string) (stop func()) {
	w.tb.Helper()
	ready := filepath.Join(w.dir, "ready.json")
	cmd := w.command(append([]string{"emulator", "serve", "-ready-file", ready}, flags...)...)
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	stop = sync.OnceFunc(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	w.tb.Cleanup(stop)
	if _, err := out.Read(make([]byte, 1<<16)); err != nil { // it speaks once it serves
		w.tb.Fatalf("the emulator does not serve: %v", err)
	}
	w.control, err = control.FromReadyFile(ready)
	w.must(err)
	return stop
}

// command is the program in the module's directory, with a home of its own.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.program, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "XDG_CACHE_HOME="+w.dir, "NO_COLOR=1")
	cmd.Env = append(cmd.Env, w.env...)
	return cmd
}

// cost is what one process took.
type cost struct {
	wall, cpu time.Duration
	rss       float64 // peak, MiB
	out       []byte
}

// run runs the program to its end.
func (w *world) run(args ...string) cost {
	w.tb.Helper()
	return measure(w.tb, w.command(args...))
}

// measure runs a process to its end and reads what it took.
func measure(tb testing.TB, cmd *exec.Cmd) cost {
	tb.Helper()
	var out, failed bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &failed
	began := time.Now()
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%v: %v: %s", cmd.Args, err, failed.Bytes())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{time.Since(began), cpuOf(usage), float64(usage.Maxrss) / 1024, out.Bytes()}
}

func cpuOf(u *syscall.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ownCPU is the CPU time of this process.
func ownCPU(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return cpuOf(&u)
}

// sum adds costs up over a benchmark's iterations.
type sum struct {
	cost
	n int
}

func (s *sum) add(c cost) {
	s.wall, s.cpu, s.rss, s.n = s.wall+c.wall, s.cpu+c.cpu, max(s.rss, c.rss), s.n+1
}

// report gives the means, and the rate of n things per CPU-second where n is not 0.
func (s *sum) report(b *testing.B, n float64, unit string) {
	b.ReportMetric(0, "ns/op") // says nothing that wall-s/op does not
	b.ReportMetric(s.wall.Seconds()/float64(s.n), "wall-s/op")
	b.ReportMetric(s.cpu.Seconds()/float64(s.n), "cpu-s/op")
	b.ReportMetric(s.rss, "MiB-rss")
	if n > 0 {
		b.ReportMetric(n*float64(s.n)/s.cpu.Seconds(), unit+"/cpu-s")
	}
}

// calls counts what the emulator answered since the start or the last clear.
func (w *world) calls() int { return w.callsOf("") }

// callsOf is calls of one operation.
func (w *world) callsOf(operation string) int {
	w.tb.Helper()
	n, err := w.control.CountCalls(context.Background(), calllog.Filter{Operation: operation})
	w.must(err)
	return n.Count
}

func (w *world) clearCalls() { w.tb.Helper(); w.must(w.control.ClearCalls(context.Background())) }

// key makes a key and returns its id.
func (w *world) key() string {
	w.tb.Helper()
	var ready struct{ Instance struct{ ID string } }
	decode(w.tb, w.read("ready.json"), &ready)
	var answer struct{ KeyMetadata struct{ KeyId string } }
	decode(w.tb, w.run("kms", "CreateKey", "-dkms-instance-id", ready.Instance.ID, "-json").out, &answer)
	return answer.KeyMetadata.KeyId
}

func (w *world) write(name string, content []byte) {
	w.tb.Helper()
	w.must(os.MkdirAll(filepath.Dir(filepath.Join(w.dir, name)), 0o755))
	w.must(os.WriteFile(filepath.Join(w.dir, name), content, 0o600))
}

func (w *world) read(name string) []byte {
	w.tb.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	w.must(err)
	return b
}

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}
