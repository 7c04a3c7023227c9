//go:build linux

package batches

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// workers is how many there are.
const workers = 4

// worker is one process of kmsplan.
type worker struct {
	*exec.Cmd
	ended chan struct{} // closed when the process is gone, and err is set by then
	err   error
}

// fleet is four workers, and whoever takes the place of one that is gone, as under a service manager.
type fleet struct {
	r       *rig
	mu      sync.Mutex
	alive   []*worker
	started int
	kills   int
	fell    int // ended by themselves
	peak    int // KiB, of any
}

// fill starts workers until there are four.
func (f *fleet) fill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.alive) < workers {
		f.start()
	}
}

func (f *fleet) start() {
	w := &worker{Cmd: f.r.command("worker", "-queue", "postgres"), ended: make(chan struct{})}
	log, err := os.Create(filepath.Join(f.r.dir, fmt.Sprintf("worker-%d.log", f.started)))
	f.r.must(err)
	w.Stdout, w.Stderr = log, log
	f.r.must(w.Start())
	f.r.must(log.Close())
	go func() { w.err = w.Wait(); close(w.ended) }()
	f.started++
	f.alive = append(f.alive, w)
}

// killOne kills one at random, and starts another.
func (f *fleet) killOne() {
	f.look()
	f.mu.Lock()
	defer f.mu.Unlock()
	i := rand.IntN(len(f.alive))
	if err := f.alive[i].Process.Kill(); err == nil {
		f.kills++
	}
	<-f.alive[i].ended
	f.alive = slices.Delete(f.alive, i, i+1)
	f.start()
}

// look measures the peaks of memory, which VmHWM keeps, and starts another worker for each that ended by itself: one that begins
// while the database is down does.
func (f *fleet) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, w := range f.alive {
		select {
		case <-w.ended:
			f.fell++
			f.alive = slices.Delete(f.alive, i, i+1)
			f.start()
			return
		default:
			f.peak = max(f.peak, peak(w.Process.Pid))
		}
	}
}

// peak is the most memory that a process took so far, KiB; 0 = it is gone.
func peak(pid int) (kib int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib
		}
	}
	return 0
}

// drain ends all, as a service manager does.
func (f *fleet) drain() {
	f.look()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.alive {
		_ = w.Process.Signal(syscall.SIGTERM)
	}
	for _, w := range f.alive {
		if <-w.ended; w.err != nil {
			f.r.t.Errorf("a worker that was drained: %v", w.err)
		}
	}
	f.alive = nil
}

// logs shows what the workers said.
func (f *fleet) logs() {
	for i := range f.started {
		said, _ := os.ReadFile(filepath.Join(f.r.dir, fmt.Sprintf("worker-%d.log", i)))
		f.r.t.Logf("worker %d: %s", i, said[max(0, len(said)-1500):])
	}
}

// end kills what a test that failed left, and says what the workers said.
func (f *fleet) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.alive {
		_ = w.Process.Kill()
		<-w.ended
	}
	f.alive = nil
	if f.r.t.Failed() {
		f.logs()
	}
}
