package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/spf13/pflag"

	"kmsplan.dev/kmsplan/internal/batch/page"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/stack"
)

// workerPage is the page that a worker serves.
type workerPage struct {
	listen    string
	tokenFile string
	hosts     []string
}

func (p *workerPage) flags(f *pflag.FlagSet) {
	f.StringVar(&p.listen, "listen", "", "serve a page of the batches on `ADDRESS:PORT`; loopback only, unless there is a token")
	f.StringVar(&p.tokenFile, "token-file", "", "whoever has the token in `FILE` may read the page and change batches there; the file is its owner's alone to read")
	repeated(f, &p.hosts, "host", "the page is asked for under this `NAME` too, behind a proxy; repeatable")
}

func (p *workerPage) check() error {
	if p.listen == "" && (p.tokenFile != "" || len(p.hosts) > 0) {
		return usageError{errors.New("-token-file and -host are of the page: say with -listen where it is")}
	}
	if _, _, err := net.SplitHostPort(p.listen); p.listen != "" && err != nil {
		return usageError{fmt.Errorf("-listen %q: write ADDRESS:PORT, such as 127.0.0.1:8322", p.listen)}
	}
	return nil
}

// servePage serves the page until the worker ends, and gives what waits for its end.
func (a *app) servePage(ctx context.Context, w *stack.BatchWorker, p *workerPage) (wait func(), err error) {
	if p.listen == "" {
		return func() {}, nil
	}
	q, n := w.Queue()
	if n != 1 {
		return nil, fmt.Errorf("-listen shows one queue, and the module's batches have %d: name a batch, or -queue KIND", n)
	}
	token := ""
	if p.tokenFile != "" {
		if token, err = page.ReadToken(a.path(p.tokenFile)); err != nil {
			return nil, fmt.Errorf("-token-file: %w", err)
		}
	}
	l, err := page.Listen(ctx, p.listen, token)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	engine, err := enginePages(ctx, q, token != "")
	if err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("-listen: %w", err), l.Close())
	}
	a.view.Notef("the batches are shown on %s", page.Address(l, ""))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := page.Serve(ctx, l, page.New(page.Options{Queue: q, Token: token, Hosts: p.hosts, Engine: engine})); err != nil && ctx.Err() == nil {
			a.view.Notef("the page ended: %v", err)
		}
	}()
	return func() { cancel(); <-ended }, nil
}

// enginePages are those of the queue's own engine; nil = it has none. They end with ctx.
func enginePages(ctx context.Context, q queue.Queue, changes bool) (http.Handler, error) {
	e, ok := q.(interface {
		UI(ctx context.Context, path string, changes bool) (http.Handler, error)
	})
	if !ok {
		return nil, nil
	}
	return e.UI(ctx, page.EnginePath, changes)
}
