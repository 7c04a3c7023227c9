package cli

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// aStore is a store on a server, empty: what a runner is told of it, and how a test looks at it without us.
type aStore struct {
	block   string            // in the settings
	env     []string          // NAME=VALUE
	secrets map[string]string // the credentials in env
	// holds is everything that the server has of the stack.
	holds func(t *testing.T) map[string][]byte
	// log is what the server wrote down since, by the log's name.
	log func(t *testing.T) map[string][]byte
	// plant stores a text beside the state, and mention makes it stand in each log, if it is letters and digits.
	plant, mention func(t *testing.T, text string)
}

// remoteStores are the stores that a runner may die over; those without a server skip.
var remoteStores = map[string]func(t *testing.T) aStore{
	"http": onHTTP,
	"pg":   func(t *testing.T) aStore { return onPG(t, pooled) },
	"s3":   onS3,
	"oss":  onOSS,
}

func needs(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Skipf("no server: %s is not set; .ci/servers starts one", variable)
	}
	return value
}

// settings is the kmsplan block of a stack whose state lies there, sealed under a key or "".
func (s aStore) settings(key string) string {
	encryption := "enabled = false"
	if key != "" {
		encryption = fmt.Sprintf("key = %q", key)
	}
	return "kmsplan {\n" + s.block + "\n encryption {\n  " + encryption + "\n }\n}\n"
}

// onHTTP is a GitLab: every version of the document, and who holds its lock.
func onHTTP(t *testing.T) aStore {
	s := gitlab.New(t)
	s.Locks, s.Versions = true, true
	return aStore{
		block: fmt.Sprintf("backend \"http\" {\n address = \"%[1]s/state\"\n lock_address = \"%[1]s/state/lock\"\n lock_method = \"POST\"\n unlock_method = \"DELETE\"\n ca_file = %[2]q\n }",
			s.URL, writeCA(t, s.CA())),
		env:     []string{"KMSPLAN_HTTP_USERNAME=" + gitlab.User, "KMSPLAN_HTTP_PASSWORD=" + gitlab.Password},
		secrets: map[string]string{"the HTTP password": gitlab.Password},
		holds: func(*testing.T) map[string][]byte {
			held := map[string][]byte{"the document": s.Document(), "the lock": s.Holder(), "the calls of the lock": fmt.Append(nil, bytes.Count(s.Log(), []byte("/state/lock")))}
			for n, version := range s.Past() {
				held[fmt.Sprint("version ", n+1)] = version
			}
			return held
		},
		log: func(*testing.T) map[string][]byte { return map[string][]byte{"access log": s.Log()} },
		plant: func(_ *testing.T, text string) {
			s.Edit(func(document []byte) []byte { return append(document, text...) })
		},
		mention: func(t *testing.T, text string) {
			answer, err := s.Client().Get(s.URL + "/" + text)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
		},
	}
}

func writeCA(t *testing.T, pem []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// logs are what servers write to their files from now on, where .ci/servers says that they do.
func logs(t *testing.T, names ...string) func(t *testing.T) map[string][]byte {
	t.Helper()
	dir := os.Getenv("KMSPLAN_TEST_LOGS")
	if dir == "" {
		return func(*testing.T) map[string][]byte { return nil }
	}
	before := map[string]int64{}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = info.Size()
	}
	return func(t *testing.T) map[string][]byte {
		t.Helper()
		since := map[string][]byte{}
		for name, size := range before {
			f, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if since[name], err = io.ReadAll(io.NewSectionReader(f, size, math.MaxInt64-size)); err != nil { // the rest may be gigabytes
				t.Fatal(err)
			}
		}
		return since
	}
}

// unused is a name that nobody has used yet.
func unused() string { return "s" + uuid.NewString()[:8] }

// syncBuffer takes what several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

func (s *syncBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
