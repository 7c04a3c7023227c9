package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	kms "github.com/alibabacloud-go/kms-20160120/v3/client"

	"kmsplan.dev/kmsplan/internal/emulator"
)

// crashDir makes this test binary an emulator that ends by the fault
// crash-after-commit; it names the data directory.
const crashDir = "KMSPLAN_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		os.Exit(serveUntilCrash(dir))
	}
	if dir := os.Getenv(killDir); dir != "" {
		os.Exit(serveUntilKilled(dir))
	}
	os.Exit(m.Run())
}

// serveUntilCrash prints the ready description and waits for the end.
func serveUntilCrash(dir string) int {
	s, err := emulator.Start(context.Background(), emulator.Options{
		Dir: dir, Faults: "CreateKey:crash-after-commit:1+1", Exit: func() { os.Exit(137) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.Ready()); err != nil {
		return 1
	}
	select {}
}

// TestCrashAfterCommitKeepsTheCommit ends a real process right after its second
// CreateKey: both keys are there when the data is opened again, although nobody
// was told of the second.
func TestCrashAfterCommitKeepsTheCommit(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env, child.Stderr = append(os.Environ(), crashDir+"="+dir), os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var r emulator.Ready
	if err := json.NewDecoder(out).Decode(&r); err != nil {
		t.Fatal(err)
	}
	client := sdk(t, r, r.Public.HTTPS, nil)
	if _, err := client.CreateKey(&kms.CreateKeyRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateKey(&kms.CreateKeyRequest{}); err == nil {
		t.Fatal("an answer came from the dead")
	}
	var ended *exec.ExitError
	if err := child.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 137 {
		t.Fatalf("the process ended with %v", err)
	}
	s, err := emulator.Start(context.Background(), emulator.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	after := s.Ready()
	list, err := sdk(t, after, after.Public.HTTPS, nil).ListKeys(&kms.ListKeysRequest{})
	if err != nil || *list.Body.TotalCount != 2 {
		t.Fatalf("%v %v", list, err)
	}
}
