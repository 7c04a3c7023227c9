package page

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	cookie = "kmsplan_batches"
	// sessionFor is how long a login lasts.
	sessionFor = 12 * time.Hour
	// mostSessions are kept; the oldest makes room.
	mostSessions = 64
)

// session is one browser that was let in. Its forms carry form, which no other site can read.
type session struct {
	form string
	ends time.Time
}

// sessions are kept by the digest of their cookie, in memory: they end with the process.
type sessions struct {
	mu sync.Mutex
	of map[[sha256.Size]byte]session
}

func (s *sessions) begin(now time.Time) (id string) {
	id = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[[sha256.Size]byte]session{}
	}
	if len(s.of) >= mostSessions {
		s.dropOldest()
	}
	s.of[sha256.Sum256([]byte(id))] = session{form: rand.Text(), ends: now.Add(sessionFor)}
	return id
}

func (s *sessions) dropOldest() {
	var oldest [sha256.Size]byte
	var ends time.Time
	for id, one := range s.of {
		if ends.IsZero() || one.ends.Before(ends) {
			oldest, ends = id, one.ends
		}
	}
	delete(s.of, oldest)
}

func (s *sessions) get(id string, now time.Time) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.of[sha256.Sum256([]byte(id))]
	return one, ok && now.Before(one.ends)
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, sha256.Sum256([]byte(id)))
}

// session is the one of a request's cookie.
func (p *Page) session(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return session{}, false
	}
	return p.sessions.get(c.Value, p.now())
}

// bearer reports whether a script presents the token: Authorization: Bearer TOKEN.
func (p *Page) bearer(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && p.token != "" && same(token, p.token)
}

// mayRead reports whether a request may look: with a token set, only who was let in by it.
func (p *Page) mayRead(r *http.Request) bool {
	_, ok := p.session(r)
	return ok || p.token == "" || p.bearer(r)
}

// mayChange reports whether a request may change batches: a form of a browser that was let in, or a script with the token. A
// page without a token changes nothing.
func (p *Page) mayChange(r *http.Request) bool {
	s, ok := p.session(r)
	return ok && same(r.PostFormValue("form"), s.form) || p.bearer(r) || safety.Off(safety.PageToken)
}

// read lets through who may look, and shows browsers the way in.
func (p *Page) read(show http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.mayRead(r):
			show(w, r)
		case forScripts(r.URL.Path):
			w.Header().Set("WWW-Authenticate", `Bearer realm="kmsplan batches"`)
			http.Error(w, "The token is missing or wrong. Send it as: Authorization: Bearer TOKEN.", http.StatusUnauthorized)
		default:
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		}
	}
}

func (p *Page) loginForm(w http.ResponseWriter, r *http.Request) { p.show(w, r, "login.html", sheet{}) }

// login lets a browser in that presents the token.
func (p *Page) login(w http.ResponseWriter, r *http.Request) {
	if p.token == "" || !same(r.PostFormValue("token"), p.token) {
		w.WriteHeader(http.StatusForbidden)
		p.show(w, r, "login.html", sheet{Wrong: "That is not the token of this page."})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookie, Value: p.sessions.begin(p.now()), Path: "/", MaxAge: int(sessionFor.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// logout ends a session.
func (p *Page) logout(w http.ResponseWriter, r *http.Request) {
	if s, ok := p.session(r); !ok || !same(r.PostFormValue("form"), s.form) {
		http.Error(w, "The form is not of this page.", http.StatusForbidden)
		return
	}
	if c, err := r.Cookie(cookie); err == nil {
		p.sessions.end(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
