package public

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
)

// Config is what a Handler works with. Every field is needed.
type Config struct {
	Engine             *engine.Engine // handed to the operations, never used here
	Operations         map[string]engine.Operation
	Credentials        func(accessKeyID string) (engine.Credential, bool)
	DefaultAccessKeyID func() string // for auth off
	DefaultRegion      string
	Auth               Auth
	Now                func() time.Time // virtual, for the log
	// WireNow judges the dates and nonces of requests. It is the wall clock:
	// unmodified clients sign with it, whatever the virtual clock shows.
	WireNow      func() time.Time
	NewRequestID func() string // upper-case UUID
	// Reaches names the instance that a call to an instance's own address means when
	// the address names none.
	Reaches func(*engine.Call, engine.Object) string
	// SpeaksRAM tells whether an instance's host serves this protocol at all; the
	// instance "" is the region's first one.
	SpeaksRAM func(region, instance string) bool
	// Lag is for how long lists do not show what happened; 0 = they show all.
	Lag      time.Duration
	Outage   func(engine.Gateway, time.Duration) // cuts a gateway off, for faults
	Throttle *throttle.Limiter
	Faults   *fault.Injector
	Calls    *calllog.Log
	Logger   *slog.Logger // failures with their cause
}

// Handler serves the OpenAPI protocol. Safe for concurrent use.
type Handler struct {
	Config
	nonces *nonces
}

// New returns a handler.
func New(c Config) *Handler { return &Handler{Config: c, nonces: newNonces(maxNonces)} }

// In is the same gateway for requests that name no region: they are for this one.
func (h *Handler) In(region string) *Handler {
	other := *h
	other.DefaultRegion = region
	return &other
}

// ServeHTTP serves the shared gateway.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Serve(w, r, engine.Public, "")
}

// exchange is one request with what is known about it so far.
type exchange struct {
	*Handler
	w        http.ResponseWriter
	q        *request
	gateway  engine.Gateway
	instance string
	encoder  encoder
	log      calllog.Call
	noted    bool
}

// Source is the address that a request comes from; the zero Addr if it has none.
func Source(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap()
}

// Serve serves the shared gateway, or the dedicated gateway of an instance.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, gateway engine.Gateway, instance string) {
	q, refusal := read(r)
	x := &exchange{Handler: h, w: w, q: q, gateway: gateway, instance: instance}
	x.encoder = encoder{requestID: h.NewRequestID(), host: r.Host, action: q.action, xml: q.xml, date: h.WireNow()}
	x.log = calllog.Call{
		Time: h.Now(), Gateway: string(gateway), Operation: q.action, Caller: q.caller(), Key: q.target(),
		RequestID: x.encoder.requestID, Agent: r.UserAgent(), Parameters: flat(q),
	}
	x.survive(func() { x.serve(refusal) })
}

// note puts the call into the log, once, just before its answer is given.
func (x *exchange) note(answer fault.Answer) {
	if x.noted {
		return
	}
	x.noted = true
	x.log.Status, x.log.Code, x.log.Fault = answer.Status, answer.Code, x.w.Header().Get(fault.Header)
	x.Calls.Add(x.log)
}

// survive turns a panic into InternalFailure: one bad request must not be able
// to end the emulator, and must be seen. An aborted connection is no panic.
func (x *exchange) survive(serve func()) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			x.note(fault.Answer{})
			panic(p)
		default:
			x.Logger.Error("panic in a request", "operation", x.q.action, "request", x.encoder.requestID, "panic", p, "stack", string(debug.Stack()))
			x.refuse(errInternal())
		}
	}()
	serve()
}

func flat(q *request) map[string]string {
	kept := map[string]string{}
	for name, values := range q.params {
		if calllog.Allowed(name) {
			kept[name] = values[0]
		}
	}
	return kept
}

// serve runs the checks in the gateway's order and gives the answer.
func (x *exchange) serve(refusal *engine.Error) {
	event := fault.Event{Gateway: string(x.gateway), Operation: x.q.action, Key: x.log.Key, Caller: x.log.Caller}
	delivery := fault.Delivery{Note: x.note, Dialect: x.dialect(x.encoder, x.gateway)}
	skew, done := fault.Arrive(x.w, x.Faults.Match(fault.OnArrival, event), delivery)
	if done {
		return
	}
	x.encoder.date = x.encoder.date.Add(skew)
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	operation, call, in, refusal := x.accept()
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	delivery.Commit = func() fault.Answer { return x.commit(x.present(operation), operation, call, in) }
	delivery.Full = func() fault.Answer { return x.commit(x.Engine.FullDisk(), operation, call, in) }
	if !operation.Mutates {
		delivery.AsOf = func(ago time.Duration) fault.Answer { return x.commit(x.Engine.AsOf(ago), operation, call, in) }
		delivery.LateTags = func(ago time.Duration) fault.Answer {
			return x.commit(x.Engine.LateTags(ago), operation, call, in)
		}
	}
	delivery.About = x.about(operation, call)
	delivery.Fingerprint = x.fingerprint(operation)
	delivery.Dialect = x.dialect(x.encoder, x.gateway)
	x.Faults.Deliver(x.w, x.q.http, x.Faults.Match(fault.OnExecution, event), delivery)
}

// accept finds the operation, the caller and the parameters, or the reason to
// refuse.
func (x *exchange) accept() (operation engine.Operation, call *engine.Call, in any, refusal *engine.Error) {
	if refusal = x.checkImage(x.DefaultRegion, x.instance); refusal != nil {
		return
	}
	if operation, refusal = x.find(); refusal != nil {
		return
	}
	if call, refusal = x.admit(x.encoder.date); refusal != nil {
		return
	}
	if x.gateway == engine.Public && !x.Throttle.Allow(call.Account, call.Region, operation.Group) {
		return operation, call, nil, errThrottled()
	}
	in = operation.New()
	x.log.Unread, refusal = decode(x.q.params, in)
	if x.gateway == engine.Dedicated && call.Instance == "" {
		call.Instance = x.Reaches(call, x.q.object())
		if old := x.checkImage(call.Region, call.Instance); old != nil {
			refusal = old
		}
	}
	return
}

// checkImage refuses what an instance of an older image does not understand.
func (x *exchange) checkImage(region, instance string) *engine.Error {
	if x.gateway != engine.Dedicated || x.SpeaksRAM(region, instance) {
		return nil
	}
	return errOldImage()
}

// about carries the operation out for another object than the one the request
// names; nil if it names none.
func (x *exchange) about(operation engine.Operation, call *engine.Call) func(string) fault.Answer {
	name := x.q.targetName()
	if name == "" {
		return nil
	}
	return func(id string) fault.Answer {
		params := maps.Clone(x.q.params)
		params.Set(name, id)
		in := operation.New()
		if _, refusal := decode(params, in); refusal != nil {
			return x.encoder.refusal(refusal)
		}
		return x.commit(x.Engine, operation, call, in)
	}
}

// present is the engine that the operation sees: lists may lag behind.
func (x *exchange) present(operation engine.Operation) *engine.Engine {
	if x.Lag > 0 && !operation.Mutates && strings.HasPrefix(operation.Name, "List") {
		return x.Engine.AsOf(x.Lag)
	}
	return x.Engine
}

// find looks the operation up.
func (x *exchange) find() (engine.Operation, *engine.Error) {
	if x.q.version != Version {
		return engine.Operation{}, errVersion(x.q.version)
	}
	operation, known := x.Operations[x.q.action]
	if !known || x.q.http.URL.Path != "/" && x.q.http.URL.Path != "" {
		return operation, errAction(x.q.action)
	}
	if x.gateway == engine.Dedicated && !operation.Dedicated {
		return operation, errNotDedicated(x.q.action)
	}
	return operation, nil
}

// admit authenticates the caller and places the call.
func (x *exchange) admit(now time.Time) (*engine.Call, *engine.Error) {
	who, refusal := x.authenticate(x.q, now)
	if refusal != nil {
		return nil, refusal
	}
	region, refusal := x.region(x.q)
	if refusal != nil {
		return nil, refusal
	}
	x.log.Account, x.log.Region, x.log.Caller, x.log.Signature = who.Account, region, who.AccessKeyID, who.signature
	return &engine.Call{
		Account: who.Account, Region: region, Principal: who.Principal,
		Gateway: x.gateway, Instance: x.instance, RequestID: x.encoder.requestID, Source: Source(x.q.http),
	}, nil
}

// commit carries the operation out and renders its answer.
func (x *exchange) commit(e *engine.Engine, operation engine.Operation, call *engine.Call, in any) fault.Answer {
	out, err := operation.Handle(e, call, in)
	if err == nil {
		answer, failure := x.encoder.success(out)
		if failure == nil {
			return answer
		}
		err = failure
	}
	return x.encoder.refusal(x.explain(err))
}

// explain turns any error into the service's own; the cause of a failure goes
// to the operator's log, not to the caller.
func (x *exchange) explain(err error) *engine.Error {
	var failure *engine.Failure
	var refusal *engine.Error
	if !errors.As(err, &failure) && errors.As(err, &refusal) {
		return refusal
	}
	x.Logger.Error("operation failed", "operation", x.q.action, "request", x.encoder.requestID, "error", err)
	return errInternal()
}

func (x *exchange) refuse(r *engine.Error) {
	answer := x.encoder.refusal(r)
	x.note(answer)
	answer.Write(x.w)
}

// fingerprint is equal for equal reads by one caller.
func (x *exchange) fingerprint(operation engine.Operation) string {
	if operation.Mutates {
		return ""
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(x.q.params)) {
		if !slices.Contains(common, name) || name == "RegionId" {
			h.Write([]byte(name + "\x00" + x.q.params.Get(name) + "\x00"))
		}
	}
	return x.q.action + " " + x.log.Account + " " + x.log.Region + " " + hex.EncodeToString(h.Sum(nil))
}

// Storm throttles everybody for a duration of virtual time, such as 10s.
func (h *Handler) Storm(d string) {
	if duration, err := time.ParseDuration(d); err == nil {
		h.Throttle.Storm(duration)
	}
}
