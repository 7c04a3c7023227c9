package gitlab

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Server keeps one document.
type Server struct {
	*httptest.Server
	// Matches: it honours If-Match and If-None-Match, as plain servers do and GitLab does not.
	Matches bool
	// Locks: it refuses a write under another lock's id.
	Locks bool
	// Versions: it takes each serial once, as GitLab does.
	Versions bool

	mu     sync.Mutex
	data   []byte
	count  int
	taken  map[float64]bool
	holder []byte
	lock   string
	lose   int // the next write takes effect, and so many answers are lost
	losing bool
	past   [][]byte
	log    bytes.Buffer
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
	s := &Server{taken: map[float64]bool{}}
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

// Edit changes the document behind everybody's back.
func (s *Server) Edit(edit func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = edit(s.data)
	s.count++
}

// Writes is how many documents were stored.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.past)
}

// Document is what is stored.
func (s *Server) Document() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
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
	write := r.URL.Path == "/state" && r.Method == http.MethodPost
	if s.lose > 0 && (!s.losing || write) {
		s.lose--
		if s.losing {
			s.losing = false
			s.write(httptest.NewRecorder(), r, body)
		}
		panic(http.ErrAbortHandler)
	}
	switch {
	case write:
		s.write(w, r, body)
	case r.URL.Path == "/state" && r.Method == http.MethodGet:
		s.read(w)
	case r.URL.Path == "/state/lock" && (r.Method == http.MethodPost || r.Method == "LOCK"):
		s.take(w, body)
	case r.URL.Path == "/state/lock" && (r.Method == http.MethodDelete || r.Method == "UNLOCK"):
		s.free(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// read answers 204 where there is nothing, as GitLab does.
func (s *Server) read(w http.ResponseWriter) {
	if s.data == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if s.Matches {
		w.Header().Set("ETag", s.etag())
	}
	w.Write(s.data)
}

func (s *Server) etag() string { return fmt.Sprintf(`"v%d"`, s.count) }

// write answers 423 under another lock's id and 422 where the version is taken.
func (s *Server) write(w http.ResponseWriter, r *http.Request, body []byte) {
	sum := md5.Sum(body)
	if r.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s.Locks && r.URL.Query().Get("ID") != s.lock {
		w.WriteHeader(http.StatusLocked)
		return
	}
	if m := r.Header.Get("If-Match"); s.Matches && m != "" && (s.data == nil || m != s.etag()) ||
		s.Matches && r.Header.Get("If-None-Match") == "*" && s.data != nil {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	var seen struct{ Serial *float64 }
	if s.Versions {
		if json.Unmarshal(body, &seen) != nil || seen.Serial == nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if s.taken[*seen.Serial] {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"message":{"version":["has already been taken"]}}`)
			return
		}
		s.taken[*seen.Serial] = true
	}
	s.data = body
	s.count++
	s.past = append(s.past, body)
	if s.Matches {
		w.Header().Set("ETag", s.etag())
	}
}

// take answers 423 with the holder; GitLab demands every field.
func (s *Server) take(w http.ResponseWriter, body []byte) {
	var lock map[string]string
	if json.Unmarshal(body, &lock) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, field := range []string{"ID", "Operation", "Info", "Who", "Version", "Created", "Path"} {
		if _, ok := lock[field]; !ok {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"%s is missing"}`, field)
			return
		}
	}
	if s.lock != "" {
		w.WriteHeader(http.StatusLocked)
		w.Write(s.holder)
		return
	}
	s.lock, s.holder = lock["ID"], body
}

// free answers 409 to another id.
func (s *Server) free(w http.ResponseWriter, r *http.Request) {
	if id := r.URL.Query().Get("ID"); id != "" && id != s.lock {
		w.WriteHeader(http.StatusConflict)
		return
	}
	s.lock, s.holder = "", nil
}
