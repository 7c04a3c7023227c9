//go:build linux

package batches

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// workers is how many there are.
const workers = 4

// fleet is four workers, each a process, and whoever takes the place of one that was killed.
type fleet struct {
	r       *rig
	mu      sync.Mutex
	alive   []*exec.Cmd
	started int
	kills   int
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
	c := f.r.command("worker", "-queue", "postgres")
	log, err := os.Create(filepath.Join(f.r.dir, fmt.Sprintf("worker-%d.log", f.started)))
	if err == nil {
		c.Stdout, c.Stderr = log, log
		err = c.Start()
		_ = log.Close()
	}
	if err != nil {
		f.r.t.Error(err)
		return
	}
	f.started++
	f.alive = append(f.alive, c)
}

// killOne kills one at random, and starts another.
func (f *fleet) killOne() {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := rand.IntN(len(f.alive))
	f.measure()
	if err := f.alive[i].Process.Kill(); err != nil {
		f.r.t.Errorf("a worker ended by itself: %v", err)
	}
	_ = f.alive[i].Wait()
	f.alive = append(f.alive[:i], f.alive[i+1:]...)
	f.kills++
	f.start()
}

// measure looks at the peaks of memory: VmHWM only grows.
func (f *fleet) measure() {
	for _, c := range f.alive {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			var kib int
			if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
				f.peak = max(f.peak, kib)
			}
		}
	}
}

func (f *fleet) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.measure()
}

// drain ends all, as a service manager does.
func (f *fleet) drain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.measure()
	for _, c := range f.alive {
		_ = c.Process.Signal(syscall.SIGTERM)
	}
	for _, c := range f.alive {
		if err := c.Wait(); err != nil {
			f.r.t.Errorf("a worker that was drained: %v", err)
		}
	}
	f.alive = nil
	if f.r.t.Failed() {
		f.logs()
	}
}

// logs shows what the workers said.
func (f *fleet) logs() {
	for i := range f.started {
		said, _ := os.ReadFile(filepath.Join(f.r.dir, fmt.Sprintf("worker-%d.log", i)))
		f.r.t.Logf("worker %d: %s", i, said[max(0, len(said)-1500):])
	}
}

// end kills what a test that failed left.
func (f *fleet) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.alive {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	if f.r.t.Failed() && len(f.alive) > 0 {
		f.logs()
	}
	f.alive = nil
}
