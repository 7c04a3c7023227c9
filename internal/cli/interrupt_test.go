package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fiftyKeys is a module whose apply takes long enough to be interrupted.
const fiftyKeys = `gateway "dev" {
  emulator {}
}
key "k" {
  for_each    = toset([for i in range(50) : "k${i}"])
  description = each.key
}
`

// TestInterruptedApplyFinishesWhatItBegan interrupts an apply once: it says that it heard, starts nothing new,
// and leaves no call open.
func TestInterruptedApplyFinishesWhatItBegan(t *testing.T) {
	dir := moduleIn(t, fiftyKeys)
	apply := kmsplan(t, dir, "apply", "-auto-approve", "-parallelism", "1")
	var out, errs bytes.Buffer
	apply.Stdout, apply.Stderr = &out, &errs
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	waitForLines(t, filepath.Join(dir, "kmsplan.state.json.journal"), 6)
	if err := apply.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := apply.Wait(); apply.ProcessState.ExitCode() != exitError {
		t.Fatalf("exit code %d, want 1: %v\n%s%s", apply.ProcessState.ExitCode(), err, out.Bytes(), errs.Bytes())
	}
	for _, want := range []string{"kmsplan: interrupted: nothing new is started", "were not started"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("standard error does not say %q:\n%s", want, errs.Bytes())
		}
	}
	if got := run(t, dir, 0, "recover"); !strings.Contains(string(got), "Nothing is open.") {
		t.Errorf("after one interrupt: %s", got)
	}
}

// TestInterruptEndsWhatHasNothingToFinish interrupts a command that waits for an answer at its prompt: it ends
// at the first interrupt, with the code a shell gives to SIGINT.
func TestInterruptEndsWhatHasNothingToFinish(t *testing.T) {
	dir := moduleIn(t, fiftyKeys)
	apply := kmsplan(t, dir, "apply")
	answer, err := apply.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	out, err := apply.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	var said []byte
	for buffer := make([]byte, 4096); !bytes.Contains(said, []byte("Enter a value")); {
		n, err := out.Read(buffer)
		if said = append(said, buffer[:n]...); err != nil {
			t.Fatalf("no prompt came: %v\n%s", err, said)
		}
	}
	if err := apply.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := apply.Wait(); apply.ProcessState.ExitCode() != exitInterrupted {
		t.Fatalf("exit code %d, want %d: %v", apply.ProcessState.ExitCode(), exitInterrupted, err)
	}
}

// TestApplyOutlivesItsReader closes the pipe that an apply prints to: it carries on to its end.
func TestApplyOutlivesItsReader(t *testing.T) {
	dir := moduleIn(t, fiftyKeys)
	apply := kmsplan(t, dir, "apply", "-auto-approve")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	apply.Stdout = writer
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := apply.Wait(); err != nil {
		t.Fatalf("the apply ended with its reader: %v", err)
	}
	run(t, dir, 0, "plan", "-detailed-exitcode")
}

// moduleIn writes a module of one file.
func moduleIn(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// waitForLines waits until a file has so many lines, while a process writes it.
func waitForLines(t *testing.T, name string, lines int) {
	t.Helper()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-poll.C {
		if text, err := os.ReadFile(name); err == nil && bytes.Count(text, []byte("\n")) >= lines {
			return
		}
	}
	t.Fatalf("%s never had %d lines", name, lines)
}
