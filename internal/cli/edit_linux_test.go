package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// aSealedFile is a module with an encrypted file.
func aSealedFile(t *testing.T) (dir string, sealed []byte) {
	t.Helper()
	dir = moduleIn(t, "gateway \"dev\" {\n  emulator {}\n}\nkey \"k\" {}\nalias \"k\" {\n  name = \"alias/k\"\n  key  = key.k.id\n}\n")
	run(t, dir, 0, "apply", "-auto-approve")
	write(t, dir, "app.yaml", "password: canary-edited\n")
	run(t, dir, 0, "encrypt", "-key", "alias/k", "-values", "-in-place", "app.yaml")
	return dir, readIn(t, dir, "app.yaml")
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func readIn(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestASignalRemovesWhatIsEdited ends kmsplan at each signal while the editor runs: no plaintext stays, the editor
// does not, and the file is as it was.
func TestASignalRemovesWhatIsEdited(t *testing.T) {
	dir, sealed := aSealedFile(t)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(fmt.Sprint(int(s)), func(t *testing.T) {
			file, editor := editAndSend(t, dir, s)
			if s == syscall.SIGKILL { // then the next run sweeps
				c := kmsplan(t, dir, "edit", "app.yaml")
				c.Env = append(c.Env, "KMSPLAN_EDITOR=true")
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", filepath.Dir(file), err)
			}
			if string(readIn(t, dir, "app.yaml")) != string(sealed) {
				t.Error("the file changed")
			}
			gone(t, editor)
		})
	}
}

// TestAnInterruptIsTheEditors: what is typed to interrupt reaches the editor as well; kmsplan goes on.
func TestAnInterruptIsTheEditors(t *testing.T) {
	dir, _ := aSealedFile(t)
	write(t, dir, "editor", "#!/bin/sh\ntrap '' INT\nkill -INT $PPID\nkill -INT $PPID\nkill -INT $PPID\nsed s/edited/again/ \"$1\" > \"$1.new\"\nmv \"$1.new\" \"$1\"\n")
	c := kmsplan(t, dir, "edit", "app.yaml")
	c.Env = append(c.Env, "KMSPLAN_EDITOR="+filepath.Join(dir, "editor"))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := run(t, dir, 0, "decrypt", "-o", "-", "app.yaml"); string(got) != "password: canary-again\n" {
		t.Errorf("after three interrupts: %s", got)
	}
}

// editAndSend sends a signal to a kmsplan whose editor has begun, and gives the file that it edits and its process.
func editAndSend(t *testing.T, dir string, s syscall.Signal) (file, editor string) {
	t.Helper()
	seen := filepath.Join(dir, "seen")
	os.Remove(seen)
	write(t, dir, "editor", "#!/bin/sh\ncp \"$1\" \"$1~\"\necho $1 $$ > "+seen+".new\nmv "+seen+".new "+seen+"\nexec sleep 600\n")
	c := kmsplan(t, dir, "edit", "app.yaml")
	c.Env = append(c.Env, "KMSPLAN_EDITOR="+filepath.Join(dir, "editor"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	waitForLines(t, seen, 1)
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("it ended well")
	}
	words := strings.Fields(string(readIn(t, dir, "seen")))
	return words[0], words[1]
}

// gone waits until a process is not there any more, or only waits for its parent.
func gone(t *testing.T, pid string) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-poll.C {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Errorf("the process %s is still there", pid)
}
