package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSignalsReachTheCommand sends each signal to kmsplan: the command gets it, whether kmsplan became it or runs beside
// it, and kmsplan ends as the command does.
func TestSignalsReachTheCommand(t *testing.T) {
	dir, _ := aSealedFile(t)
	for _, mode := range [][]string{nil, {"-mask"}, {"-named"}} {
		for name, s := range map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1} {
			t.Run(fmt.Sprint(mode, name), func(t *testing.T) {
				if signal.Ignored(s) {
					t.Skip("whoever runs this lets it be ignored, as nohup does, and so it is in a shell's children")
				}
				c, _, _ := began(t, dir, mode, "trap 'exit 42' "+name+"; trap 'exit 43' ALRM")
				if err := c.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				_ = c.Wait()
				if got := c.ProcessState.ExitCode(); got != 42 {
					t.Errorf("exit code %d, want 42", got)
				}
			})
		}
	}
}

// TestACommandDiesWithKmsplan kills kmsplan beside its command: the command goes too, and the next run removes its files.
func TestACommandDiesWithKmsplan(t *testing.T) {
	dir, _ := aSealedFile(t)
	c, file, pid := began(t, dir, []string{"-named"}, ":")
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	gone(t, pid)
	run(t, dir, 0, "exec", "-env", "app.yaml", "--", "true")
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", file, err)
	}
}

// began starts a command under exec that waits, and gives the path of its file and its process.
func began(t *testing.T, dir string, mode []string, script string) (c *exec.Cmd, file, pid string) {
	t.Helper()
	seen := filepath.Join(dir, "seen")
	os.Remove(seen)
	args := append(append([]string{"exec"}, mode...), "-env", "app.yaml", "-file", "CONF=app.yaml", "--", "sh", "-c",
		script+"; echo $CONF $$ > "+seen+".new; mv "+seen+".new "+seen+"; while :; do sleep 20 > /dev/null 2>&1 & wait $!; done")
	c = kmsplan(t, dir, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	waitForLines(t, seen, 1)
	words := strings.Fields(string(readIn(t, dir, "seen")))
	return c, words[0], words[1]
}

// TestWhatExecShows looks at kmsplan beside a command for the value: its arguments and environment do not hold it, and
// nobody of the same user may read its memory. The command has it, and no file that it should not.
func TestWhatExecShows(t *testing.T) {
	dir, _ := aSealedFile(t)
	c, _, pid := began(t, dir, []string{"-mask"}, ":")
	self := fmt.Sprint("/proc/", c.Process.Pid)
	for _, name := range []string{"cmdline", "environ"} {
		if text, err := os.ReadFile(self + "/" + name); err == nil && bytes.Contains(text, []byte("canary-edited")) {
			t.Errorf("%s shows the value", name)
		}
	}
	if info, err := os.Stat(self + "/environ"); err != nil || os.Geteuid() != 0 && info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("the memory of kmsplan is open to the user: %v", err)
	}
	text, err := os.ReadFile("/proc/" + pid + "/environ")
	if err != nil || !bytes.Contains(text, []byte("PASSWORD=canary-edited")) {
		t.Errorf("the command's environment: %q, %v", text, err)
	}
	limits, err := os.ReadFile("/proc/" + pid + "/limits")
	if err != nil || !strings.Contains(string(limits), "Max core file size        0 ") {
		t.Errorf("%v\n%s", err, limits)
	}
	open, err := os.ReadDir("/proc/" + pid + "/fd")
	if err != nil || len(open) > 5 {
		t.Errorf("open in the command: %v, %v", open, err)
	}
}

// TestABackgroundCommandIgnoresInterrupts: a shell starts what runs in its background with interrupts ignored, and so the
// command stays.
func TestABackgroundCommandIgnoresInterrupts(t *testing.T) {
	dir, _ := aSealedFile(t)
	inner := kmsplan(t, dir, "exec", "-env", "app.yaml", "--", "sh", "-c", "kill -INT $$; echo alive")
	c := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `trap '' INT; exec "$@"`, "sh"}, inner.Args...)...)
	c.Env = inner.Env
	if out, err := c.CombinedOutput(); err != nil || string(out) != "alive\n" {
		t.Errorf("%v: %s", err, out)
	}
}
