package page

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// Options are what a page is made of.
type Options struct {
	Queue queue.Queue
	// Token lets people in who present it. "" = the page is read by whoever reaches it, and changes nothing.
	Token string
	// Hosts are names or addresses, without a port, under which the page is reached besides those of the loopback interface.
	Hosts []string
	// Engine serves the pages of the queue's own engine below EnginePath; nil = it has none.
	Engine http.Handler
	// Now is the clock; nil = the machine's.
	Now func() time.Time
}

// Page is an http.Handler.
type Page struct {
	queue    queue.Queue
	engined  bool // the queue's engine has pages
	token    string
	hosts    map[string]bool
	now      func() time.Time
	origin   *http.CrossOriginProtection
	sessions sessions
	meter    meter
	mux      *http.ServeMux
}

// Bounds of one request.
const (
	maxBody  = 16 << 10 // bytes
	queueFor = 10 * time.Second
)

//go:embed web
var web embed.FS

var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(words()).ParseFS(web, "web/*.html"))
})

// New makes the page of a queue, which it does not close.
func New(o Options) *Page {
	p := &Page{queue: o.Queue, engined: o.Engine != nil, token: o.Token, hosts: map[string]bool{}, now: o.Now, origin: http.NewCrossOriginProtection(), mux: http.NewServeMux()}
	if p.now == nil {
		p.now = time.Now
	}
	for _, h := range o.Hosts {
		p.hosts[strings.ToLower(strings.Trim(h, "[]"))] = true
	}
	p.mux.HandleFunc("GET /{$}", p.read(p.list))
	p.mux.HandleFunc("GET /batch", p.read(p.one))
	p.mux.HandleFunc("GET /api/batches", p.read(p.api))
	p.mux.HandleFunc("POST /change", p.change)
	p.mux.HandleFunc("GET /login", p.loginForm)
	p.mux.HandleFunc("POST /login", p.login)
	p.mux.HandleFunc("POST /logout", p.logout)
	p.mux.HandleFunc("GET /page.css", p.asset("web/page.css"))
	p.mux.HandleFunc("GET /page.js", p.asset("web/page.js"))
	if o.Engine != nil {
		p.mux.HandleFunc(EnginePath+"/", p.engine(o.Engine))
	}
	return p
}

// ServeHTTP implements http.Handler.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	if !p.known(r.Host) {
		http.Error(w, "This is not the host of this page. Open it by its address on this machine, or by a name it was started with.", http.StatusMisdirectedRequest)
		return
	}
	if err := p.origin.Check(r); err != nil {
		http.Error(w, "The request comes from another site: "+err.Error()+".", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	ctx, cancel := context.WithTimeout(r.Context(), queueFor)
	defer cancel()
	p.mux.ServeHTTP(w, r.WithContext(ctx))
}

// harden says what a browser may do with an answer: run the page's own script, submit the page's own forms, keep nothing.
func harden(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// asset answers with a file of the page's own.
func (p *Page) asset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, web, name) }
}
