package exchange

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/throttle"
)

// Config is what every gateway works with. Every field is needed.
type Config struct {
	Engine *engine.Engine   // handed to the operations, never used here but for its guises
	Now    func() time.Time // virtual, for the log
	// WireNow judges the dates and nonces of requests. It is the wall clock: unmodified
	// clients sign with it, whatever the virtual clock shows.
	WireNow      func() time.Time
	NewRequestID func() string // upper-case UUID
	// Lag is for how long lists do not show what happened; 0 = they show all.
	Lag      time.Duration
	Outage   func(engine.Gateway, time.Duration) // cuts a gateway off, for faults
	Throttle *throttle.Limiter
	Faults   *fault.Injector
	Calls    *calllog.Log
	Logger   *slog.Logger // failures with their cause
}

// Protocol is how one gateway reads a request and words an answer.
type Protocol interface {
	// Accept checks the request in the gateway's order. What it learns goes into x.Log.
	Accept(x *Exchange) (Accepted, *engine.Error)
	Refusal(x *Exchange, e *engine.Error) fault.Answer
	Malformed(fault.Answer) fault.Answer // breaks the body
}

// Accepted is an authenticated call, ready to be carried out.
type Accepted struct {
	// Run carries the operation out on an engine; it may be called twice.
	Run func(*engine.Engine) (fault.Answer, error)
	// About is Run for another object than the one the request names; nil = it names none.
	About  func(e *engine.Engine, id string) (fault.Answer, error)
	Writes bool // it changes something, so that it is never shown the past
	Lists  bool // what it shows may lag
	// Fingerprint is equal for equal reads by one caller; "" = never stale.
	Fingerprint string
}

// Exchange is one request with what is known about it so far.
type Exchange struct {
	Config
	Protocol
	Gateway engine.Gateway
	W       http.ResponseWriter
	R       *http.Request
	Date    time.Time // the server's, which a fault may move
	Log     calllog.Call
	noted   bool
}

// Begin starts the exchange of a request.
func (c Config) Begin(w http.ResponseWriter, r *http.Request, gateway engine.Gateway) *Exchange {
	return &Exchange{Config: c, Gateway: gateway, W: w, R: r, Date: c.WireNow(),
		Log: calllog.Call{Time: c.Now(), Gateway: string(gateway), RequestID: c.NewRequestID(), Agent: r.UserAgent()}}
}

// Source is the address that a request comes from; the zero Addr if it has none.
func Source(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap()
}

// Serve gives the answer. A panic becomes InternalFailure: one bad request must not be able to
// end the emulator, and must be seen. An aborted connection is no panic.
func (x *Exchange) Serve(p Protocol) {
	x.Protocol = p
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			x.note(fault.Answer{})
			panic(p)
		default:
			x.Logger.Error("panic in a request", "operation", x.Log.Operation, "request", x.Log.RequestID, "panic", p, "stack", string(debug.Stack()))
			x.refuse(ErrInternal())
		}
	}()
	x.serve()
}

// serve meets the faults on arrival, then the gateway's checks, then the faults of execution.
func (x *Exchange) serve() {
	event := fault.Event{Gateway: x.Log.Gateway, Operation: x.Log.Operation, Key: x.Log.Key, Caller: x.Log.Caller}
	delivery := fault.Delivery{Note: x.note, Dialect: x.dialect()}
	skew, done := fault.Arrive(x.W, x.Faults.Match(fault.OnArrival, event), delivery)
	if done {
		return
	}
	x.Date = x.Date.Add(skew)
	call, refusal := x.Accept(x)
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	x.ways(call, &delivery)
	x.Faults.Deliver(x.W, x.R, x.Faults.Match(fault.OnExecution, event), delivery)
}

// ways are those in which a call can be carried out.
func (x *Exchange) ways(call Accepted, d *fault.Delivery) {
	on := func(e *engine.Engine) fault.Answer { return x.answer(call.Run(e)) }
	d.Commit = func() fault.Answer {
		if call.Lists && x.Lag > 0 {
			return x.late(call)
		}
		return on(x.Engine)
	}
	d.Full = func() fault.Answer { return on(x.Engine.FullDisk()) }
	if !call.Writes {
		d.AsOf = func(ago time.Duration) fault.Answer { return on(x.Engine.AsOf(ago)) }
		d.LateTags = func(ago time.Duration) fault.Answer { return on(x.Engine.LateTags(ago)) }
		d.Fingerprint = call.Fingerprint
	}
	if call.About != nil {
		d.About = func(id string) fault.Answer { return x.answer(call.About(x.Engine, id)) }
	}
}

// late lists what there was a while ago. What the list is about is there at once, as for every other call:
// of a key that is younger than the lag it is empty, not refused.
func (x *Exchange) late(call Accepted) fault.Answer {
	a, err := call.Run(x.Engine.AsOf(x.Lag))
	var refusal *engine.Error
	if !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound {
		return x.answer(a, err)
	}
	a, err = call.Run(x.Engine)
	if err == nil && a.Alter != nil {
		a = a.Alter(fault.Empty)
	}
	return x.answer(a, err)
}

// answer words an error as the service's own; the cause of a failure goes to the operator's log, not
// to the caller.
func (x *Exchange) answer(a fault.Answer, err error) fault.Answer {
	if err == nil {
		return a
	}
	var failure *engine.Failure
	var refusal *engine.Error
	if errors.As(err, &failure) || !errors.As(err, &refusal) {
		x.Logger.Error("operation failed", "operation", x.Log.Operation, "request", x.Log.RequestID, "error", err)
		refusal = ErrInternal()
	}
	return x.Refusal(x, refusal)
}

// dialect lets fault rules speak like this gateway.
func (x *Exchange) dialect() fault.Dialect {
	return fault.Dialect{
		Refuse: func(status int, code, message string) fault.Answer {
			return x.Refusal(x, &engine.Error{Status: status, Code: code, Message: message})
		},
		Malformed: x.Malformed,
		Storm: func(d string) {
			if duration, err := time.ParseDuration(d); err == nil {
				x.Throttle.Storm(duration)
			}
		},
		Outage: func(d time.Duration) { x.Outage(x.Gateway, d) },
	}
}

func (x *Exchange) refuse(e *engine.Error) {
	a := x.Refusal(x, e)
	x.note(a)
	a.Write(x.W)
}

// note puts the call into the log, once, just before its answer is given.
func (x *Exchange) note(a fault.Answer) {
	if x.noted {
		return
	}
	x.noted = true
	x.Log.Status, x.Log.Code, x.Log.Fault = a.Status, a.Code, x.W.Header().Get(fault.Header)
	x.Calls.Add(x.Log)
}
