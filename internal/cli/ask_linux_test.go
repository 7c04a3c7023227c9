package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// typist answers each question when it is asked, in order.
type typist struct {
	mu      sync.Mutex
	heard   bytes.Buffer
	person  io.Writer
	answers []string
}

func (p *typist) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard.Write(b)
	if strings.HasPrefix(strings.TrimSpace(string(b)), "Enter a value") && len(p.answers) > 0 {
		answer := p.answers[0]
		p.answers = p.answers[1:]
		defer fmt.Fprintln(p.person, answer)
	}
	return len(b), nil
}

// A sensitive variable is asked for without showing what is typed, and nothing prints it.
func TestASensitiveAnswerIsNotShown(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(`
gateway "dev" {
  emulator {}
}
variable "name" {}
variable "password" {
  sensitive = true
}
secret "db" {
  name     = var.name
  value    = var.password
  instance = null
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	person, program := clitest.Terminal(t)
	echoed := make(chan string)
	go func() {
		var seen bytes.Buffer
		_, _ = io.Copy(&seen, person) // ends with an error when the other side is closed
		echoed <- seen.String()
	}()
	p := &typist{person: person, answers: []string{"orders-canary-1", "hunter2-canary"}}
	var out bytes.Buffer
	code := Main(Process{Args: []string{"-chdir", dir, "plan"}, Env: []string{"HOME=" + dir}, Stdin: program, Stdout: &out, Stderr: p})
	program.Close()
	screen := <-echoed
	if code != 0 || !strings.Contains(out.String(), "orders-canary-1") {
		t.Errorf("exit %d\n%s\n%s", code, out.String(), p.heard.String())
	}
	if !strings.Contains(screen, "orders-canary-1") || strings.Contains(screen+out.String()+p.heard.String(), "hunter2") {
		t.Errorf("the screen shows %q", screen)
	}
}
