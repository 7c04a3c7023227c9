package gitlab

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Past are all documents that were stored, oldest first, as GitLab keeps every version.
func (s *Server) Past() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.past)
}

// Holder is what the holder of the lock at /state said of itself, nil when nobody holds it.
func (s *Server) Holder() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.at(first).holder)
}

// Log is the access log: a line a call with its method, its address and its headers. Who signs in is left out of it.
func (s *Server) Log() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.log.Bytes())
}

func (s *Server) note(r *http.Request) {
	fmt.Fprintf(&s.log, "%s %s", r.Method, r.RequestURI)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "Authorization" {
			fmt.Fprintf(&s.log, " %s=%q", name, r.Header[name])
		}
	}
	s.log.WriteByte('\n')
}
