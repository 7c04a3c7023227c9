package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// childEnv names the job of a child process; the test binary runs itself again.
const childEnv = "KMSPLAN_OPS_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		if err := child(job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// job is what a child does to files.
type job struct {
	Do          string // encrypt, decrypt, rewrap, in place (the values of From, and back)
	Ready       emulator.Ready
	Seal        Seal
	From, To    string
	Times       int   // 0 = until killed
	MaxFileSize int64 // RLIMIT_FSIZE, 0 = none
}

func child(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	c, err := connect(j.Ready)
	if err != nil {
		return err
	}
	if j.MaxFileSize > 0 {
		if err := limitFileSize(uint64(j.MaxFileSize)); err != nil {
			return err
		}
	}
	o := Options{Keyring: c.ring, Now: time.Now}
	e := New(o)
	fmt.Println("ready")
	for n := 0; j.Times == 0 || n < j.Times; n++ {
		if err := j.once(o, e); err != nil {
			return err
		}
	}
	peak, err := peakMemory()
	fmt.Println("peak", peak)
	return err
}

func (j job) once(o Options, e *Engine) (err error) {
	switch ctx := context.Background(); j.Do {
	case "encrypt":
		_, err = e.EncryptFile(ctx, j.From, j.To, j.Seal, nil)
	case "decrypt":
		_, err = e.DecryptFile(ctx, j.From, j.To, Unseal{}, nil)
	case "in place":
		_, err = e.EncryptFile(ctx, j.From, j.From, j.Seal, nil)
		if err == nil || errors.Is(err, ErrEncrypted) { // by the run before, which was killed
			_, err = e.DecryptFile(ctx, j.From, j.From, Unseal{InPlace: true}, nil)
		}
	case "rewrap":
		e = New(o) // as a new run would, so that nothing is remembered of the last wrap
		defer e.Close()
		_, _, err = e.Rewrap(ctx, j.From, Target{Key: j.Seal.Key})
	}
	return err
}

// peakMemory is VmHWM of this process in KiB.
func peakMemory() (kib int, err error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	_, err = fmt.Sscan(rest, &kib)
	return kib, err
}

// command prepares a child.
func (j job) command(t testing.TB) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	return cmd
}
