package gitlab

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// document is one of a server's.
type document struct {
	data   []byte // nil: nothing was stored
	count  int
	taken  map[float64]bool
	holder []byte
	lock   string
}

// remove answers 423 while somebody holds the lock, as GitLab does.
func (s *Server) remove(w http.ResponseWriter, path string) {
	switch {
	case s.NoDelete:
		w.WriteHeader(http.StatusForbidden)
	case s.at(path).lock != "":
		w.WriteHeader(http.StatusLocked)
	default:
		delete(s.documents, path)
	}
}

// read answers 204 where there is nothing, as GitLab does.
func (s *Server) read(w http.ResponseWriter, d *document) {
	if d.data == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if s.Matches {
		w.Header().Set("ETag", d.etag())
	}
	w.Write(d.data)
}

func (d *document) etag() string { return fmt.Sprintf(`"v%d"`, d.count) }

// write answers 423 under another lock's id and 422 where the version is taken.
func (s *Server) write(w http.ResponseWriter, r *http.Request, d *document, body []byte) {
	sum := md5.Sum(body)
	if r.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s.Locks && r.URL.Query().Get("ID") != d.lock {
		w.WriteHeader(http.StatusLocked)
		return
	}
	if m := r.Header.Get("If-Match"); s.Matches && m != "" && (d.data == nil || m != d.etag()) ||
		s.Matches && r.Header.Get("If-None-Match") == "*" && d.data != nil {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	var seen struct{ Serial *float64 }
	if s.Versions {
		if json.Unmarshal(body, &seen) != nil || seen.Serial == nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if d.taken[*seen.Serial] {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"message":{"version":["has already been taken"]}}`)
			return
		}
		d.taken[*seen.Serial] = true
	}
	d.data = body
	d.count++
	s.past = append(s.past, body)
	if s.Matches {
		w.Header().Set("ETag", d.etag())
	}
}

// take answers 423 with the holder; GitLab demands every field.
func (d *document) take(w http.ResponseWriter, body []byte) {
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
	if d.lock != "" {
		w.WriteHeader(http.StatusLocked)
		w.Write(d.holder)
		return
	}
	d.lock, d.holder = lock["ID"], body
}

// free answers 409 to another id.
func (d *document) free(w http.ResponseWriter, r *http.Request) {
	if id := r.URL.Query().Get("ID"); id != "" && id != d.lock {
		w.WriteHeader(http.StatusConflict)
		return
	}
	d.lock, d.holder = "", nil
}
