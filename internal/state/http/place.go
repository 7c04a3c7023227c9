package http

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Place is a remote.Place in one document.
type Place struct {
	base      Options // of the default workspace
	workspace string  // "" = that one
	o         Options
	client    *http.Client
	name      string

	mu      sync.Mutex
	at      stored            // the document as it was read or written last
	staged  map[string][]byte // objects that are written with the head that names them
	held    string            // the id of the lock that this process holds
	entered bool              // the workspace is on the list
}

// stored is a document with what the server calls its version.
type stored struct {
	doc  document
	etag string
	sum  string // SHA-256 of its bytes
}

// Open returns the place of a document. It calls nobody.
func Open(o Options) (*Place, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	client, err := remote.Client("http backend", o.CAFile)
	if err != nil {
		return nil, err
	}
	return newPlace(o, "", client), nil
}

// newPlace is the place of a workspace.
func newPlace(base Options, workspace string, client *http.Client) *Place {
	o := base.in(workspace)
	return &Place{base: base, workspace: workspace, o: o, client: client, name: nameOf(o.Address), staged: map[string][]byte{}}
}

// nameOf leaves out what in an address may be a secret.
func nameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the http backend"
	}
	return "http " + u.Scheme + "://" + u.Host + u.EscapedPath()
}

// String implements remote.Place.
func (p *Place) String() string { return p.name }

func (s stored) revision() remote.Revision {
	if s.doc.Head == nil {
		return ""
	}
	return remote.Revision(s.sum)
}

// Head implements remote.Place.
func (p *Place) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.read(ctx); err != nil {
		return nil, "", err
	}
	return p.at.doc.Head, p.at.revision(), nil
}

// read gets the document.
func (p *Place) read(ctx context.Context) error {
	answer, err := p.exchange(ctx, request{method: http.MethodGet, address: p.o.Address})
	if err != nil {
		return err
	}
	data := answer.body
	switch answer.status {
	case http.StatusOK:
	case http.StatusNoContent, http.StatusNotFound:
		data = nil
	default:
		return p.refusal(answer)
	}
	doc, err := decodeDocument(p.name, data)
	if err != nil {
		return err
	}
	p.at = stored{doc, answer.etag, sumOf(data)}
	return nil
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Swap implements remote.Place.
func (p *Place) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if p.at.revision() != old || p.at.doc.Guard == "" {
		if err := p.read(ctx); err != nil {
			return "", err
		}
		if p.at.revision() != old {
			return "", p.conflict()
		}
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	if p.at.doc.Guard == "" {
		if err := p.measure(ctx, p.waitLock); err != nil {
			return "", err
		}
	}
	next := p.at.doc.next(head, p.staged)
	var err error
	if next.Guard == byMatch {
		err = p.writeMatching(ctx, next)
	} else {
		err = p.writeLocked(ctx, old, next)
	}
	if err != nil {
		return "", err
	}
	maps.DeleteFunc(p.staged, func(name string, _ []byte) bool { return names(head, name) })
	return p.at.revision(), nil
}

func (p *Place) conflict() error { return fmt.Errorf("%s: %w", p.name, remote.ErrConflict) }

// writeMatching stores next in place of the document that was seen.
func (p *Place) writeMatching(ctx context.Context, next document) error {
	r := request{method: p.o.UpdateMethod, address: p.o.Address, lock: p.held, match: p.at.etag, fresh: p.at.etag == ""}
	answer, data, err := p.send(ctx, r, next)
	if err != nil {
		return err
	}
	switch {
	case answer.status == http.StatusPreconditionFailed:
		return p.conflict()
	case !answer.ok():
		return p.refusal(answer)
	}
	p.at = stored{next, answer.etag, sumOf(data)}
	if answer.etag == "" {
		return p.reread(ctx)
	}
	return nil
}

// reread finds out the version of what was just written, where the server did not say it.
func (p *Place) reread(ctx context.Context) error {
	wrote := p.at.sum
	if err := p.read(ctx); err != nil {
		return err
	}
	if p.at.sum != wrote {
		return fmt.Errorf("%s: what was written reads back changed: somebody wrote since", p.name)
	}
	return nil
}

func (p *Place) send(ctx context.Context, r request, d document) (response, []byte, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return response{}, nil, err
	}
	r.body = data
	answer, err := p.exchange(ctx, r)
	return answer, data, err
}

// Put implements remote.Place: the object travels with the head that names it.
func (p *Place) Put(ctx context.Context, name string, object []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.staged[name] = object
	return ctx.Err()
}

// Get implements remote.Place.
func (p *Place) Get(ctx context.Context, name string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if object, ok := p.find(name); ok {
		return object, nil
	}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	if object, ok := p.find(name); ok {
		return object, nil
	}
	return nil, fmt.Errorf("%w: %s", remote.ErrNoObject, name)
}

func (p *Place) find(name string) ([]byte, bool) {
	if object, ok := p.staged[name]; ok {
		return object, true
	}
	object, ok := p.at.doc.Objects[name]
	return object, ok
}

// Drop implements remote.Place: what no head names goes with the next Swap anyway.
func (p *Place) Drop(ctx context.Context, names ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range names {
		delete(p.staged, name)
	}
	return ctx.Err()
}

var _ remote.Place = (*Place)(nil)

// errWaits is what a write gets while somebody else holds the server's lock.
var errWaits = errors.New("another holds the server's lock")
