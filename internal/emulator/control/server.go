package control

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Backend is what a Handler steers. Every field is needed.
type Backend struct {
	Engine *engine.Engine
	Faults *fault.Injector
	Calls  *calllog.Log
	Status func() Status // Clock, Calls, Dropped and Faults are filled in here
	Ready  func() any    // the ready file's content
	// Region is Ready for another region, which is served from then on.
	Region func(name string) (any, error)
	Reset  func() error // empties and bootstraps the engine
	Loaded func() error // after a snapshot has replaced the model
}

// handler serves the control API.
type handler struct {
	Backend
	token string
}

// maxBody bounds a request; a seed file is the largest.
const maxBody = 64 << 20

// Handler returns the API. Every request must carry the token and come from no
// web page.
func Handler(b Backend, token string) http.Handler {
	h := &handler{b, token}
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(*http.Request) (any, error){
		"GET /status":                 h.status,
		"GET /ready":                  func(*http.Request) (any, error) { return h.Ready(), nil },
		"POST /regions/{name}":        func(r *http.Request) (any, error) { return h.Region(r.PathValue("name")) },
		"GET /clock":                  func(*http.Request) (any, error) { return h.clock(nil), nil },
		"POST /clock":                 h.changeClock,
		"GET /faults":                 func(*http.Request) (any, error) { return h.Faults.Rules(), nil },
		"POST /faults":                h.addFaults,
		"DELETE /faults":              h.removeFaults,
		"GET /calls":                  h.calls,
		"GET /calls/count":            h.countCalls,
		"DELETE /calls":               func(*http.Request) (any, error) { h.Calls.Clear(); return struct{}{}, nil },
		"GET /evidence":               func(*http.Request) (any, error) { return h.Calls.Evidence(), nil },
		"GET /unread":                 func(*http.Request) (any, error) { return h.Calls.Unread(), nil },
		"GET /snapshots":              func(*http.Request) (any, error) { return h.Engine.Snapshots() },
		"POST /snapshots/{name}":      h.saveSnapshot,
		"POST /snapshots/{name}/load": h.loadSnapshot,
		"GET /snapshots/{name}/diff":  func(r *http.Request) (any, error) { return h.Engine.DiffSnapshot(r.PathValue("name")) },
		"POST /seed":                  h.seed,
		"POST /users":                 h.addUser,
		"POST /reset":                 func(*http.Request) (any, error) { return struct{}{}, h.Reset() },
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { answer(w, r, serve) })
	}
	return h.guard(mux)
}

// guard keeps web pages and strangers out: a browser sends Origin, or, tricked
// by a DNS name that points to loopback, a Host that is none.
func (h *handler) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case len(r.Header.Values("Origin")) > 0 || !loopback(r.Host):
			write(w, http.StatusForbidden, Failure{"the control API is not for web pages"})
		case !found || subtle.ConstantTimeCompare([]byte(token), []byte(h.token)) != 1:
			write(w, http.StatusUnauthorized, Failure{"the control token is missing or wrong; it stands in the ready file"})
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			next.ServeHTTP(w, r)
		}
	})
}

func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// answer runs an endpoint and writes what it returns.
func answer(w http.ResponseWriter, r *http.Request, serve func(*http.Request) (any, error)) {
	v, err := serve(r)
	if err == nil {
		write(w, http.StatusOK, v)
		return
	}
	status := http.StatusBadRequest
	var failure *engine.Failure
	switch {
	case errors.Is(err, store.ErrNoSnapshot):
		status = http.StatusNotFound
	case errors.As(err, &failure):
		status = http.StatusInternalServerError
	}
	write(w, status, Failure{err.Error()})
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
}

func (h *handler) status(*http.Request) (any, error) {
	s := h.Status()
	s.Clock = h.clock(nil)
	s.Calls, s.Dropped = h.Calls.Total()
	s.Faults = len(h.Faults.Rules())
	if err := h.Calls.SinkError(); err != nil {
		s.Problem = "the call log is no longer written: " + err.Error()
	}
	return s, nil
}

func (h *handler) clock(fired []engine.Fired) Clock {
	s := h.Engine.Clock().State()
	return Clock{Now: s.Virtual, Wall: s.Wall, Frozen: s.Frozen, Rate: s.Rate, Fired: fired}
}

func (h *handler) changeClock(r *http.Request) (any, error) {
	var change ClockChange
	if err := decode(r.Body, &change); err != nil {
		return nil, err
	}
	fired, err := h.applyClock(change)
	if err != nil {
		return nil, err
	}
	return h.clock(fired), nil
}

func (h *handler) applyClock(change ClockChange) ([]engine.Fired, error) {
	switch change.Action {
	case "set":
		if change.Time.IsZero() {
			return nil, fmt.Errorf("clock set: no time given")
		}
		return h.Engine.SetTime(change.Time)
	case "advance":
		d, err := ParseDuration(change.By)
		if err != nil {
			return nil, fmt.Errorf("clock advance: %w", err)
		}
		return h.Engine.Advance(d)
	case "freeze":
		return nil, h.Engine.Freeze()
	case "resume":
		return nil, h.Engine.Resume()
	case "run":
		return nil, h.Engine.Run(change.Rate)
	default:
		return nil, fmt.Errorf("clock %q: want set, advance, freeze, resume or run", change.Action)
	}
}

// addFaults takes a rule as JSON, or a list in the notation of fault.Parse.
func (h *handler) addFaults(r *http.Request) (any, error) {
	var body struct {
		Text string      `json:"text"`
		Rule *fault.Rule `json:"rule"`
	}
	if err := decode(r.Body, &body); err != nil {
		return nil, err
	}
	if body.Rule == nil {
		return h.Faults.AddText(body.Text)
	}
	rule, err := h.Faults.Add(*body.Rule)
	return []fault.Rule{rule}, err
}

func (h *handler) removeFaults(r *http.Request) (any, error) {
	ids := []int{}
	for _, text := range r.URL.Query()["id"] {
		id, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("fault id %q is not a number", text)
		}
		ids = append(ids, id)
	}
	return map[string]int{"removed": h.Faults.Remove(ids...)}, nil
}

func (h *handler) calls(r *http.Request) (any, error) {
	f, err := filter(r.URL.Query())
	if err != nil {
		return nil, err
	}
	return h.Calls.Calls(f), nil
}

func (h *handler) countCalls(r *http.Request) (any, error) {
	f, err := filter(r.URL.Query())
	if err != nil {
		return nil, err
	}
	_, dropped := h.Calls.Total()
	return CallCount{len(h.Calls.Calls(f)), dropped}, nil
}

// filter reads a calllog.Filter from a query; an unknown name is an error, lest
// a typing mistake counts everything.
func filter(q url.Values) (calllog.Filter, error) {
	var f calllog.Filter
	for name, values := range q {
		v := values[0]
		var err error
		switch name {
		case "gateway":
			f.Gateway = v
		case "operation":
			f.Operation = v
		case "caller":
			f.Caller = v
		case "key":
			f.Key = v
		case "code":
			f.Code = v
		case "fault":
			f.Fault = v
		case "status":
			f.Status, err = strconv.Atoi(v)
		case "since":
			f.Since, err = strconv.ParseUint(v, 10, 64)
		case "limit":
			f.Limit, err = strconv.Atoi(v)
		default:
			err = errors.New("unknown filter")
		}
		if err != nil {
			return f, fmt.Errorf("calls: %s=%q: %w", name, v, err)
		}
	}
	return f, nil
}

func (h *handler) saveSnapshot(r *http.Request) (any, error) {
	return struct{}{}, h.Engine.SaveSnapshot(r.PathValue("name"))
}

func (h *handler) loadSnapshot(r *http.Request) (any, error) {
	if err := h.Engine.LoadSnapshot(r.PathValue("name")); err != nil {
		return nil, err
	}
	return struct{}{}, h.Loaded()
}

func (h *handler) seed(r *http.Request) (any, error) {
	return engine.SeedFrom(h.Engine, r.Body, r.URL.Query().Get("force") == "true")
}

func (h *handler) addUser(r *http.Request) (any, error) {
	var u User
	if err := decode(r.Body, &u); err != nil {
		return nil, err
	}
	c, err := h.Engine.AddUser(u.Name, u.Policies)
	return UserKey{Name: u.Name, Principal: c.Principal, AccessKeyID: c.AccessKeyID, AccessKeySecret: c.Secret}, err
}

func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	return nil
}

// NewServer wraps a handler with the limits of a local API. The seed of a large
// file may take a while.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 10 * time.Minute, MaxHeaderBytes: 64 << 10}
}
