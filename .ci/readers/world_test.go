package readers

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// kmsplan is the program: the one that KMSPLAN names, or built from this tree.
var kmsplan string

// examples is where the repository's examples are.
const examples = "../../examples"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if kmsplan = os.Getenv("KMSPLAN"); kmsplan != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "kmsplan-witness-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	kmsplan = filepath.Join(dir, "kmsplan")
	build := exec.Command("go", "build", "-o", kmsplan, "./cmd/kmsplan")
	build.Dir, build.Env = "../..", append(os.Environ(), "GOFLAGS=-trimpath", "CGO_ENABLED=0") // as the check builds it
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build kmsplan: %w: %s", err, out)
	}
	return m.Run(), nil
}

// world is a module's directory with an emulator of its own.
type world struct {
	*testing.T
	dir string
}

func newWorld(t *testing.T) world {
	w := world{t, t.TempDir()}
	w.write("gateway.kms.hcl", "gateway \"dev\" {\n  emulator {}\n}\n")
	return w
}

func (w world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// run runs the program and returns its standard output; it may end with one of the codes, or else with 0.
func (w world) run(args []string, codes ...int) []byte {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), kmsplan, args...)
	var out, failed bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, &out, &failed
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "NO_COLOR=1")
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && slices.Contains(codes, exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		w.Fatalf("%v: %v\n%s%s", args, err, out.Bytes(), failed.Bytes())
	}
	return out.Bytes()
}

func (w world) apply() { w.Helper(); w.run([]string{"apply", "-auto-approve"}) }

// plan is the plan in JSON.
func (w world) plan() []byte {
	w.Helper()
	w.run([]string{"plan", "-out", "plan.kmsplan"}, 3)
	return w.run([]string{"show", "-json", "plan.kmsplan"})
}
