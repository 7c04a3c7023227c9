package stack_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// dying stands between one process and all it talks to, and lets the process die with one answer of the service: from then on
// nothing that the process does reaches anybody. What is left of it is what the service and the store have.
type dying struct {
	operation string // dies with the answer to it, or with the loss of that
	early     bool   // before it is passed on
	dead      atomic.Bool
	service   *http.Transport
	at        string // the service's HOST:PORT
	front     *httptest.Server
}

// dieWith lets the process of a machine die so. Its service is reached through a front over TLS, its store through place.
func (r *rig) dieWith(operation string, server *emulator.Server) *dying {
	r.t.Helper()
	ready := server.Ready()
	ca, err := os.ReadFile(ready.CAFile)
	if err != nil {
		r.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	d := &dying{operation: operation, at: ready.Public.HTTPS}
	d.service = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	d.front = httptest.NewTLSServer(d)
	r.t.Cleanup(d.front.Close)
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.front.Certificate().Raw})
	ready.Public.HTTPS, ready.CAFile = d.front.Listener.Addr().String(), filepath.Join(r.dir, "both.pem")
	text, err := json.Marshal(ready)
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("both.pem", string(own)+string(ca))
	r.write("ready.json", string(text))
	return d
}

// ServeHTTP implements http.Handler. The dead are told something final, so that no call is tried again and the test goes on.
func (d *dying) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.early && d.operation == r.Header.Get("x-acs-action") {
		d.dead.Store(true)
	}
	if d.dead.Load() {
		refuse(w)
		return
	}
	answer, err := d.pass(r)
	if d.operation == r.Header.Get("x-acs-action") {
		d.dead.Store(true)
		refuse(w)
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // a client that is gone has no use for it
}

func refuse(w http.ResponseWriter) {
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"Code":"Forbidden.NoPermission","Message":"this process is dead"}`) // as above
}

type passed struct {
	status int
	header http.Header
	body   []byte
}

func (d *dying) pass(r *http.Request) (passed, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return passed{}, err
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "https://"+d.at+r.URL.RequestURI(), bytes.NewReader(sent))
	if err != nil {
		return passed{}, err
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	answer, err := d.service.RoundTrip(out)
	if err != nil {
		return passed{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return passed{answer.StatusCode, answer.Header, body}, err
}

// place is the process's view of a place.
func (d *dying) place(p remote.Place) remote.Place { return dyingPlace{p, d} }

type dyingPlace struct {
	remote.Place
	d *dying
}

// Behind is the place itself.
func (p dyingPlace) Behind() remote.Place { return p.Place }

func (p dyingPlace) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	if p.d.dead.Load() {
		return nil, "", placetest.ErrDown
	}
	return p.Place.Head(ctx)
}

func (p dyingPlace) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	if p.d.dead.Load() {
		return "", placetest.ErrDown
	}
	return p.Place.Swap(ctx, old, head)
}

func (p dyingPlace) Put(ctx context.Context, name string, object []byte) error {
	if p.d.dead.Load() {
		return placetest.ErrDown
	}
	return p.Place.Put(ctx, name, object)
}

func (p dyingPlace) Get(ctx context.Context, name string) ([]byte, error) {
	if p.d.dead.Load() {
		return nil, placetest.ErrDown
	}
	return p.Place.Get(ctx, name)
}

func (p dyingPlace) Drop(ctx context.Context, names ...string) error {
	if p.d.dead.Load() {
		return placetest.ErrDown
	}
	return p.Place.Drop(ctx, names...)
}
