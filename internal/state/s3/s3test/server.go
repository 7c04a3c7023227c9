package s3test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state/s3"
)

// Program names gofakes3's; .ci/servers sets it.
const Program = "KMSPLAN_TEST_S3_SERVER"

// Server is an S3 server of one test. It serves one request after the other, so that what is stored is known when it dies.
type Server struct {
	t       *testing.T
	front   *httptest.Server
	program string
	dir     string

	mu     sync.Mutex
	child  *exec.Cmd       // nil: dead
	ended  <-chan struct{} // closed when the child is
	at     string          // HOST:PORT where the child listens
	writes int             // that were stored
	die    int             // after so many more; 0 = never
	deaths int
}

// Start starts an empty one and ends it with the test.
func Start(t *testing.T) *Server {
	t.Helper()
	s := &Server{t: t, program: os.Getenv(Program), dir: t.TempDir()}
	if s.program == "" {
		found, err := exec.LookPath("gofakes3")
		if err != nil {
			t.Skipf("no S3 server: %s is not set, as .ci/servers does, and gofakes3 is not on the PATH", Program)
		}
		s.program = found
	}
	s.front = httptest.NewTLSServer(s)
	t.Cleanup(s.end)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.front.Certificate().Raw})
	if err := os.WriteFile(s.ca(), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "kmsplan")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "kmsplan-tests")
	return s
}

func (s *Server) ca() string { return filepath.Join(s.dir, "ca.pem") }

// Options are a place on the server, for the head of that key. The bucket is there.
func (s *Server) Options(key string) s3.Options {
	return s3.Options{Bucket: "bucket", Key: key, Endpoint: s.front.URL, PathStyle: true, CAFile: s.ca()}
}

// DieAt lets the nth write from now on be stored, and the server die before it answers; 0 lets it live.
func (s *Server) DieAt(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.die = n
}

// Writes is how many were stored.
func (s *Server) Writes() int { return s.count(&s.writes) }

// Deaths are how often the server died.
func (s *Server) Deaths() int { return s.count(&s.deaths) }

func (s *Server) count(n *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *n
}

// ServeHTTP implements http.Handler: it passes a request on, and its answer back if the server lives to see it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, header, body, err := s.pass(r)
	if err != nil {
		s.t.Logf("the S3 server: %v", err)
		panic(http.ErrAbortHandler)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && status/100 == 2 {
		s.writes++
		if s.die--; s.die == 0 {
			s.kill()
			panic(http.ErrAbortHandler)
		}
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone has no use for it
}

func (s *Server) pass(r *http.Request) (status int, header http.Header, body []byte, err error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	if err := s.live(); err != nil {
		return 0, nil, nil, err
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+s.at+r.URL.RequestURI(), bytes.NewReader(sent))
	if err != nil {
		return 0, nil, nil, err
	}
	out.Header, out.Host, out.Close = r.Header.Clone(), r.Host, true
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return 0, nil, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, body, err
}

// How often a port is tried, and how long gofakes3 may take to listen, on a machine that has much else to do.
const (
	ports = 5
	limit = 30 * time.Second
)

// live starts the child, unless it lives, over the file that the one before left.
func (s *Server) live() (err error) {
	for range ports {
		if s.child != nil {
			return nil
		}
		err = s.start()
	}
	return err
}

// start starts it on a port below those that connections go out from, where nobody listens: what answered there would be taken for it.
func (s *Server) start() error {
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 20000+rand.IntN(12000)))
	if err != nil {
		return err
	}
	s.at = l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	c := exec.Command(s.program, "-host", s.at, "-quiet", "-backend", "bolt", "-bolt.db", filepath.Join(s.dir, "s3.db"), "-initialbucket", "bucket")
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // killed, or it could not listen: it fails by design
		close(ended)
	}()
	s.child, s.ended = c, ended
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", s.at); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-ended:
			s.child = nil
			return fmt.Errorf("gofakes3 ended at its start, at %s", s.at)
		}
	}
	s.kill()
	return fmt.Errorf("gofakes3 does not listen at %s", s.at)
}

// kill ends the child as a crash does.
func (s *Server) kill() {
	if s.child == nil {
		return
	}
	_ = s.child.Process.Kill()
	<-s.ended
	s.child = nil
	s.deaths++
}

func (s *Server) end() {
	s.front.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
}
