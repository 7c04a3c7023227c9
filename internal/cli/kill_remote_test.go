package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// aBackend is a store on a server, empty: its backend block, and what a runner's environment needs.
type aBackend struct {
	block string
	env   []string
}

// backends are the stores that a runner may die over; those without a server skip.
var backends = map[string]func(t *testing.T) aBackend{
	"http": func(t *testing.T) aBackend {
		s := gitlab.New(t)
		s.Locks, s.Versions = true, true
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, s.CA(), 0o600); err != nil {
			t.Fatal(err)
		}
		return aBackend{fmt.Sprintf("backend \"http\" {\n address = \"%[1]s/state\"\n lock_address = \"%[1]s/state/lock\"\n lock_method = \"POST\"\n unlock_method = \"DELETE\"\n ca_file = %[2]q\n }", s.URL, ca),
			[]string{"KMSPLAN_HTTP_USERNAME=" + gitlab.User, "KMSPLAN_HTTP_PASSWORD=" + gitlab.Password}}
	},
	"pg": func(t *testing.T) aBackend {
		return aBackend{fmt.Sprintf("backend \"pg\" {\n schema_name = \"kmsplan_test\"\n name = %q\n }", uuid.NewString()),
			[]string{"KMSPLAN_PG_CONN_STR=" + needs(t, "KMSPLAN_TEST_PGBOUNCER")}}
	},
	"s3": func(t *testing.T) aBackend {
		endpoint := needs(t, "KMSPLAN_TEST_S3")
		access, secret := os.Getenv("KMSPLAN_TEST_S3_ACCESS"), os.Getenv("KMSPLAN_TEST_S3_SECRET")
		c, err := minio.New(strings.TrimPrefix(endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(access, secret, ""), Region: "us-east-1"})
		if err != nil {
			t.Fatal(err)
		}
		bucket := "b-" + uuid.NewString()
		if err := c.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
			t.Fatal(err)
		}
		return aBackend{fmt.Sprintf("backend \"s3\" {\n bucket = %q\n key = \"prod/kms\"\n endpoint = %q\n path_style = true\n }", bucket, endpoint),
			[]string{"AWS_ACCESS_KEY_ID=" + access, "AWS_SECRET_ACCESS_KEY=" + secret}}
	},
}

func needs(t *testing.T, variable string) string {
	value := os.Getenv(variable)
	if value == "" {
		t.Skipf("no server: %s is not set; .ci/servers starts one", variable)
	}
	return value
}

// remoteKills is how many runners die over each store; KMSPLAN_KILLS sets another number.
func remoteKills(t *testing.T) int {
	n := 2
	if text := os.Getenv("KMSPLAN_KILLS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A runner dies at any moment of its apply, with its disk. The next one, on another machine with an empty disk, finds in the
// store what it needs: no key is lost, none is made twice.
func TestAKilledRunnerIsContinuedOnAnotherMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	for name, start := range backends {
		t.Run(name, func(t *testing.T) {
			for range remoteKills(t) {
				killRunner(t, start(t))
			}
		})
	}
}

const keysOfARunner = 8

func killRunner(t *testing.T, b aBackend) {
	server := emulatortest.New(t)
	first := machine(t, b, server)
	run(t, first.dir, 0, "init")
	apply := kmsplan(t, first.dir, "apply", "-auto-approve", "-parallelism=4")
	after := 1 + rand.IntN(3*keysOfARunner)
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	killed := killAfter(t, apply, server, after)

	second := machine(t, b, server)
	run(t, second.dir, 0, "init")
	unlock(t, second.dir)
	run(t, second.dir, 0, "plan")
	run(t, second.dir, 0, "apply", "-auto-approve")
	run(t, second.dir, 0, "plan", "-detailed-exitcode")
	var listed struct{ TotalCount int }
	if err := json.Unmarshal(run(t, second.dir, 0, "kms", "ListKeys", "-json"), &listed); err != nil {
		t.Fatal(err)
	}
	known := bytes.Count(run(t, second.dir, 0, "state", "list"), []byte("\n"))
	if listed.TotalCount != keysOfARunner+1 || known != keysOfARunner {
		t.Fatalf("killed at call %d (%v): %d keys live and %d in state, want %d and the state's own", after, killed, listed.TotalCount, known, keysOfARunner)
	}
}

type aMachine struct{ dir string }

// machine is an empty disk with the module on it.
func machine(t *testing.T, b aBackend, server *emulator.Server) aMachine {
	t.Helper()
	dir := t.TempDir()
	for _, pair := range b.env {
		k, v, _ := strings.Cut(pair, "=")
		t.Setenv(k, v)
	}
	if err := server.WriteReadyFile(filepath.Join(dir, "ready.json")); err != nil {
		t.Fatal(err)
	}
	module := fmt.Sprintf(`gateway "dev" {
  emulator {
    ready_file = "ready.json"
  }
}
key "k" {
  for_each    = toset([for i in range(%d) : "k${i}"])
  description = each.key
}
`, keysOfARunner)
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(module)
	if bytes.Contains(run(t, dir, 0, "kms", "ListAliases", "-json"), []byte("alias/state")) {
		write(settings(b) + module)
		return aMachine{dir}
	}
	instance := regexp.MustCompile(`kst-[a-z0-9]+`).FindString(string(run(t, dir, 0, "kms", "ListKmsInstances", "-json")))
	var made struct {
		KeyMetadata struct{ KeyId string }
	}
	if err := json.Unmarshal(run(t, dir, 0, "kms", "CreateKey", "-dkms-instance-id", instance, "-json"), &made); err != nil {
		t.Fatal(err)
	}
	run(t, dir, 0, "kms", "CreateAlias", "-alias-name", "alias/state", "-key-id", made.KeyMetadata.KeyId)
	write(settings(b) + module)
	return aMachine{dir}
}

func settings(b aBackend) string {
	return "kmsplan {\n" + b.block + "\n encryption {\n  key = \"alias/state\"\n }\n}\n"
}

// killAfter sends SIGKILL after so many calls of the emulator, and reports whether the process was still there to be killed.
func killAfter(t *testing.T, c *exec.Cmd, server *emulator.Server, calls int) bool {
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	before, _ := server.Calls().Total()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	for {
		select {
		case <-done:
			return false
		case <-poll.C:
			if now, _ := server.Calls().Total(); now-before < uint64(calls) {
				continue
			}
			if err := c.Process.Kill(); err != nil {
				t.Log("the apply ended before it could be killed")
			}
			<-done
			return true
		}
	}
}

var lockID = regexp.MustCompile(`force-unlock ([0-9a-f-]{36})`)

// unlock frees the lock that a dead runner holds, as the message says.
func unlock(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	self := kmsplan(t, dir, "apply", "-auto-approve", "-lock-timeout=0s")
	c := exec.CommandContext(ctx, self.Path, self.Args[1:]...)
	c.Env = self.Env
	text, _ := c.CombinedOutput()
	if m := lockID.FindSubmatch(bytes.Join(bytes.Fields(text), []byte(" "))); m != nil {
		run(t, dir, 0, "force-unlock", string(m[1]))
	}
}
