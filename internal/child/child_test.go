package child

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// asProgram makes the test binary a program that ends with a code, or by its own hand.
const asProgram = "KMSPLAN_TEST_CHILD"

func TestMain(m *testing.M) {
	switch how := os.Getenv(asProgram); how {
	case "":
		os.Exit(m.Run())
	case "kill":
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err == nil {
			select {}
		}
		os.Exit(1)
	default:
		code, _ := strconv.Atoi(how)
		os.Exit(code)
	}
}

func program(t *testing.T, how string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), asProgram+"="+how)
	return c
}

func TestExitCodes(t *testing.T) {
	for how, want := range map[string]int{"0": 0, "1": 1, "42": 42} {
		p, err := Start(program(t, how), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := ExitCode(p.Wait()); got != want || !ok {
			t.Errorf("%s: %d, %v", how, got, ok)
		}
		<-p.Done()
	}
	if _, err := Start(exec.Command("/there/is/no/such/program"), 0); err == nil {
		t.Error("what is not there was started")
	} else if code, ok := ExitCode(err); ok {
		t.Errorf("what never ran ended with %d", code)
	}
}
