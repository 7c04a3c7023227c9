package river

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"riverqueue.com/riverui"
)

// UI serves River's own pages of the queue below a path ("" = /): jobs, queues, errors, as River sees them. Whoever serves
// it looks after who may reach it (River's pages know no users). Without changes, only what reads is answered: a person who
// deletes or cancels a chunk's job there does no harm for good, because it gets another; who pauses a queue there stops its
// batch until `batch resume`, and its status does not tell. It ends what runs for it when ctx ends.
func (q *Queue) UI(ctx context.Context, path string, changes bool) (http.Handler, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	h, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(q.put, nil), Logger: q.log, Prefix: riverui.NormalizePathPrefix(cmp.Or(path, "/")),
	})
	if err == nil {
		err = h.Start(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: serve River's pages: %w", q.place, err)
	}
	if changes {
		return h, nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "these pages are for reading; changes go through `kmsplan batch`", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	}), nil
}
