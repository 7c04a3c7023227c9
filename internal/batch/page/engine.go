package page

import (
	"net/http"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
)

// EnginePath is where the pages of the queue's own engine are.
const EnginePath = "/river"

// enginePolicy is what a browser may do with the engine's pages: they are a program that asks for its data, and still run
// nothing but what this server sends.
const enginePolicy = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// engine serves the engine's pages to who may look at ours, and takes changes there from who may change batches here.
func (p *Page) engine(h http.Handler) http.HandlerFunc {
	show := p.read(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", enginePolicy)
		h.ServeHTTP(w, r)
	})
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !p.mayChangeEngine(r) {
			http.Error(w, "Changes need the page's token: log in at /login first. A page that was started without one changes nothing.", http.StatusForbidden)
			return
		}
		show(w, r)
	}
}

// mayChangeEngine reports whether a request may change what the engine has: a browser that was let in, or a script with the
// token. The engine's pages carry no form of ours, so that the browser has to say that the request comes from a page of this
// server; what it says of another one was refused before.
func (p *Page) mayChangeEngine(r *http.Request) bool {
	_, in := p.session(r)
	said := r.Header.Get("Sec-Fetch-Site") == "same-origin" || r.Header.Get("Origin") != ""
	return in && said || p.bearer(r) || safety.Off(safety.PageEngine)
}

// forScripts reports whether a path is asked for by programs, which a page to log in does not help.
func forScripts(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, EnginePath+"/api/")
}
