package gitlab

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Server keeps documents: one at /state, and one at each path that begins so, such as /state-prod.
type Server struct {
	*httptest.Server
	// Matches: it honours If-Match and If-None-Match, as plain servers do and GitLab does not.
	Matches bool
	// Locks: it refuses a write under another lock's id.
	Locks bool
	// Versions: it takes each serial once, as GitLab does.
	Versions bool

	// NoDelete: it lets nobody delete a document, as GitLab does with those who are no maintainers.
	NoDelete bool

	mu        sync.Mutex
	documents map[string]*document // by path
	lose      int                  // the next write takes effect, and so many answers are lost
	losing    bool
	past      [][]byte // all that was stored, at whatever path
	log       bytes.Buffer
}

// The user and password that it takes.
const (
	User     = "ada"
	Password = "canary-http-password"
)

// New starts a server over TLS for one test.
func New(t *testing.T) *Server {
	s := Start()
	t.Cleanup(s.Close)
	return s
}

// Start starts a server over TLS. Close it.
func Start() *Server {
	s := &Server{documents: map[string]*document{}}
	s.Server = httptest.NewTLSServer(s)
	return s
}

// CA is the certificate that signed the server's, PEM.
func (s *Server) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// Lose lets the next write take effect, and it and the calls after it have no answer, n altogether.
func (s *Server) Lose(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose, s.losing = n, true
}

// Edit changes the document at /state behind everybody's back.
func (s *Server) Edit(edit func([]byte) []byte) { s.EditAt(first, edit) }

// EditAt changes the document at a path, such as /state-prod.
func (s *Server) EditAt(path string, edit func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.at(path)
	d.data = edit(d.data)
	d.count++
}

// Writes is how many documents were stored.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.past)
}

// Document is what is stored at /state.
func (s *Server) Document() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at(first).data
}

// DocumentAt is what is stored at a path, such as /state-prod.
func (s *Server) DocumentAt(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at(path).data
}

// Paths are those at which something is stored.
func (s *Server) Paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for path, d := range s.documents {
		if d.data != nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// first is the path of the document that there is always.
const first = "/state"

func (s *Server) at(path string) *document {
	if s.documents[path] == nil {
		s.documents[path] = &document{taken: map[float64]bool{}}
	}
	return s.documents[path]
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.note(r)
	if user, password, _ := r.BasicAuth(); user != User || password != Password {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "you sent %s:%s", user, password)
		return
	}
	path, isLock := strings.CutSuffix(r.URL.Path, "/lock")
	if !strings.HasPrefix(path, first) || strings.Count(path, "/") != 1 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	write := !isLock && r.Method == http.MethodPost
	if s.lose > 0 && (!s.losing || write) {
		s.lose--
		if s.losing {
			s.losing = false
			s.write(httptest.NewRecorder(), r, s.at(path), body)
		}
		panic(http.ErrAbortHandler)
	}
	d := s.at(path)
	switch {
	case write:
		s.write(w, r, d, body)
	case !isLock && r.Method == http.MethodGet:
		s.read(w, d)
	case !isLock && r.Method == http.MethodDelete:
		s.remove(w, path)
	case isLock && (r.Method == http.MethodPost || r.Method == "LOCK"):
		d.take(w, body)
	case isLock && (r.Method == http.MethodDelete || r.Method == "UNLOCK"):
		d.free(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}
