package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// seat is kmsplan at a terminal of its own, and who sits at it.
type seat struct {
	t       *testing.T
	command *exec.Cmd
	person  *os.File
	program *os.File // the other end
	ended   chan error

	mu     sync.Mutex
	screen bytes.Buffer
}

// atTerminal starts kmsplan as the foreground process of a terminal.
func atTerminal(t *testing.T, dir string, env []string, args ...string) *seat {
	t.Helper()
	person, program := clitest.Terminal(t)
	s := &seat{t: t, person: person, program: program, command: kmsplan(t, dir, args...), ended: make(chan error, 1)}
	c := s.command
	c.Env = append(c.Env, env...)
	c.Stdin, c.Stdout, c.Stderr = program, program, program
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go s.watch()
	go func() { s.ended <- c.Wait() }()
	t.Cleanup(func() { _ = c.Process.Kill() })
	return s
}

func (s *seat) watch() {
	b := make([]byte, 4096)
	for {
		n, err := s.person.Read(b)
		s.mu.Lock()
		s.screen.Write(b[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *seat) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

// sees waits until the screen shows a text.
func (s *seat) sees(text string) *seat {
	s.t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-poll.C {
		if strings.Contains(s.shown(), text) {
			return s
		}
	}
	s.t.Fatalf("the screen never showed %q:\n%s", text, s.shown())
	return nil
}

func (s *seat) types(keys string) *seat {
	s.t.Helper()
	if _, err := s.person.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// ends waits for the end, and demands the exit code.
func (s *seat) ends(code int) {
	s.t.Helper()
	<-s.ended
	if got := s.command.ProcessState.ExitCode(); got != code {
		s.t.Errorf("exit %d, want %d\n%s", got, code, s.shown())
	}
}

// TestEditAsks answers the questions of edit as a person does. In the end the file is as it should be, and no plaintext
// is left.
func TestEditAsks(t *testing.T) {
	const (
		bad      = "echo 'a: [' > \"$1\"\n"
		good     = "echo 'password: canary-good' > \"$1\"\n"
		again    = "if [ -e been ]; then " + good + "else touch been; " + bad + "fi\n"
		beneath  = "cp other.yaml app.yaml\n" + good
		askAgain = "Edit it again? [Y/n] "
		askOver  = "Write over it, and lose that change? [y/N] "
	)
	dir, sealed := aSealedFile(t)
	write(t, dir, "other.yaml", "password: canary-other\n")
	run(t, dir, 0, "encrypt", "-key", "alias/k", "-values", "-in-place", "other.yaml")
	for name, c := range map[string]struct {
		editor, question, keys string
		code                   int
		want                   string // the plaintext that is left
	}{
		"again":                      {again, askAgain, "\r", 0, "canary-good"},
		"again in words":             {again, askAgain, "yes\r", 0, "canary-good"},
		"give up":                    {bad, askAgain, "n\r", 1, "canary-edited"},
		"give up at the end":         {bad, askAgain, "\x04", 1, "canary-edited"},
		"something else":             {bad, askAgain, "what\r", 1, "canary-edited"},
		"interrupted":                {bad, askAgain, "\x03", 130, "canary-edited"},
		"over":                       {beneath, askOver, "y\r", 0, "canary-good"},
		"not over":                   {beneath, askOver, "n\r", 1, "canary-other"},
		"not over unless it is said": {beneath, askOver, "\r", 1, "canary-other"},
		"interrupted, not over":      {beneath, askOver, "\x03", 130, "canary-other"},
		"removed, and over":          {"rm app.yaml\n" + good, askOver, "y\r", 0, "canary-good"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, "app.yaml", string(sealed))
			_ = os.Remove(filepath.Join(dir, "been"))
			write(t, dir, "editor", "#!/bin/sh\nset -e\ncd "+dir+"\necho \"$1\" > seen\n"+c.editor)
			s := atTerminal(t, dir, []string{"KMSPLAN_EDITOR=" + filepath.Join(dir, "editor")}, "edit", "app.yaml")
			s.sees(c.question).types(c.keys).ends(c.code)
			private := filepath.Dir(strings.TrimSpace(string(readIn(t, dir, "seen"))))
			if _, err := os.Stat(private); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", private, err)
			}
			if got := run(t, dir, 0, "decrypt", "-extract", "password", "app.yaml"); string(got) != c.want {
				t.Errorf("the file holds %s, want %s\n%s", got, c.want, s.shown())
			}
			if strings.Contains(s.shown(), "canary") {
				t.Errorf("the screen shows a value:\n%s", s.shown())
			}
		})
	}
}

// TestSetIsTypedUnseen types a value: the terminal shows nothing of it, and one that differs the second time is not taken.
func TestSetIsTypedUnseen(t *testing.T) {
	dir, sealed := aSealedFile(t)
	s := atTerminal(t, dir, nil, "set", "app.yaml", "password")
	s.sees("Value of password (not shown): ").types("canary-typed\r").sees("Once more: ").types("canary-typo\r").ends(1)
	if !bytes.Equal(readIn(t, dir, "app.yaml"), sealed) {
		t.Error("the file changed")
	}
	s2 := atTerminal(t, dir, nil, "set", "app.yaml", "password")
	s2.sees("Value of password (not shown): ").types("canary-typed\r").sees("Once more: ").types("canary-typed\r").ends(0)
	if got := run(t, dir, 0, "decrypt", "-extract", "password", "app.yaml"); string(got) != "canary-typed" {
		t.Errorf("the file holds %s", got)
	}
	if strings.Contains(s.shown()+s2.shown(), "canary") {
		t.Errorf("the screen shows what was typed:\n%s%s", s.shown(), s2.shown())
	}
}

// TestAnInterruptLeavesTheTerminalAsItWas interrupts the question for a value: the terminal shows again what is typed.
func TestAnInterruptLeavesTheTerminalAsItWas(t *testing.T) {
	dir, sealed := aSealedFile(t)
	s := atTerminal(t, dir, nil, "set", "app.yaml", "password")
	s.sees("Value of password (not shown): ").types("\x03").ends(130)
	if !bytes.Equal(readIn(t, dir, "app.yaml"), sealed) {
		t.Error("the file changed")
	}
	now, err := unix.IoctlGetTermios(int(s.program.Fd()), unix.TCGETS)
	if err != nil || now.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal shows nothing of what is typed any more: %v", err)
	}
}
