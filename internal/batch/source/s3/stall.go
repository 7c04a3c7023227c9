package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// errStalled says that a request moved no byte for too long.
var errStalled = errors.New("the store moved no byte for too long")

// stalling gives every request an end: one that moves no byte of its body or its answer's for that long is given up, however
// much there is to move.
func stalling(after time.Duration) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper { return stall{next, after} }
}

type stall struct {
	next  http.RoundTripper
	after time.Duration
}

// RoundTrip implements http.RoundTripper.
func (s stall) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	w := &watch{after: s.after, cancel: cancel, ctx: ctx}
	w.timer = time.AfterFunc(s.after, func() { cancel(errStalled) })
	r = r.WithContext(ctx)
	if r.Body != nil {
		r.Body = &moving{r.Body, w, false}
	}
	answer, err := s.next.RoundTrip(r)
	if err != nil {
		err = w.why(err)
		w.end()
		return nil, err
	}
	answer.Body = &moving{answer.Body, w, true}
	return answer, nil
}

// watch is the end of one request.
type watch struct {
	after  time.Duration
	timer  *time.Timer
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// why is what ended a request, where that was the watch.
func (w *watch) why(err error) error {
	if err != nil && err != io.EOF && context.Cause(w.ctx) == errStalled {
		return errStalled
	}
	return err
}

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// moving is a body; the answer's is the last of its request.
type moving struct {
	io.ReadCloser
	w    *watch
	last bool
}

func (m *moving) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if n > 0 && context.Cause(m.w.ctx) == nil {
		m.w.timer.Reset(m.w.after)
	}
	return n, m.w.why(err)
}

func (m *moving) Close() error {
	if m.last {
		defer m.w.end()
	}
	return m.ReadCloser.Close()
}
