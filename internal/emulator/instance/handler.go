package instance

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Config is what a Handler works with. Every field is needed.
type Config struct {
	Engine     *engine.Engine // handed to the operations, never used here
	Operations map[string]engine.InstanceOperation
	ClientKey  func(id string) (engine.ClientKey, bool)
	// Instance names the instance that a host stands for; "" = it names none, and
	// Reaches says which one the call means.
	Instance     func(host string) string
	Reaches      func(engine.ClientKey, engine.Object) string
	Outage       func(engine.Gateway, time.Duration) // cuts a gateway off, for faults
	Verify       bool                                // check signatures; the public gateway's strict
	Now          func() time.Time                    // virtual, for the log and the ClientKeys' validity
	WireNow      func() time.Time                    // judges the dates of requests; the wall clock
	NewRequestID func() string
	Dedicated    *public.Handler // serves the RAM protocol
	Storm        func(d string)
	Faults       *fault.Injector
	Calls        *calllog.Log
	Logger       *slog.Logger
}

// Handler serves an instance's host. Safe for concurrent use.
type Handler struct {
	Config
	parsed sync.Map // public keys by their DER; bounded by the ClientKeys there are
}

// New returns a handler.
func New(c Config) *Handler { return &Handler{Config: c} }

// ServeHTTP tells the two protocols apart by their headers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if openAPI(r) {
		h.Dedicated.Serve(w, r, engine.Dedicated, h.Instance(host(r)))
		return
	}
	x := &exchange{Handler: h, w: w, r: r, date: h.WireNow()}
	x.log = calllog.Call{
		Time: h.Now(), Gateway: string(engine.Instance), Operation: r.Header.Get(dkms.HeaderAPIName),
		Caller: r.Header.Get(dkms.HeaderAccessKeyID), RequestID: h.NewRequestID(), Agent: r.UserAgent(),
	}
	x.survive()
}

// openAPI recognises a request of the RAM protocol.
func openAPI(r *http.Request) bool {
	if r.Header.Get(dkms.HeaderAPIName) != "" {
		return false
	}
	return r.Header.Get(acs.HeaderAction) != "" || strings.HasPrefix(r.Header.Get("Authorization"), "ACS") ||
		strings.Contains("&"+r.URL.RawQuery, "&"+acs.ParamAction+"=") ||
		strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

func host(r *http.Request) string {
	if r.TLS != nil && r.TLS.ServerName != "" {
		return r.TLS.ServerName
	}
	return r.Host
}

// exchange is one protobuf request with what is known about it so far.
type exchange struct {
	*Handler
	w    http.ResponseWriter
	r    *http.Request
	date time.Time
	log  calllog.Call

	noted bool
}

// note puts the call into the log, once, just before its answer is given.
func (x *exchange) note(a fault.Answer) {
	if x.noted {
		return
	}
	x.noted = true
	x.log.Status, x.log.Code, x.log.Fault = a.Status, a.Code, x.w.Header().Get(fault.Header)
	x.Calls.Add(x.log)
}

// survive serves, and turns a panic into InternalFailure; an aborted connection
// is no panic.
func (x *exchange) survive() {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			x.note(fault.Answer{})
			panic(p)
		default:
			x.Logger.Error("panic in a request", "operation", x.log.Operation, "request", x.log.RequestID, "panic", p, "stack", string(debug.Stack()))
			x.refuse(errInternal())
		}
	}()
	x.serve()
}

func (x *exchange) refuse(e *engine.Error) {
	a := refusal(e, x.log.RequestID, x.date)
	x.note(a)
	a.Write(x.w)
}

// serve runs the checks in the gateway's order and gives the answer.
func (x *exchange) serve() {
	body, tooLarge := readBody(x.r)
	operation := x.Operations[x.log.Operation]
	in, parsed := parse(operation, body)
	x.describe(in)
	event := fault.Event{Gateway: x.log.Gateway, Operation: x.log.Operation, Key: x.log.Key, Caller: x.log.Caller}
	delivery := fault.Delivery{Note: x.note, Dialect: x.dialect()}
	skew, done := fault.Arrive(x.w, x.Faults.Match(fault.OnArrival, event), delivery)
	if done {
		return
	}
	x.date = x.date.Add(skew)
	call, refusal := x.accept(body, tooLarge, in, parsed)
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	delivery.Commit = func() fault.Answer { return x.commit(x.Engine, operation, call, in) }
	delivery.AsOf = func(ago time.Duration) fault.Answer { return x.commit(x.Engine.AsOf(ago), operation, call, in) }
	delivery.Full = func() fault.Answer { return x.commit(x.Engine.FullDisk(), operation, call, in) }
	delivery.About = x.about(operation, call, in)
	x.Faults.Deliver(x.w, x.r, x.Faults.Match(fault.OnExecution, event), delivery)
}

// about carries the operation out for another key or secret than the message
// names; nil if it names none.
func (x *exchange) about(operation engine.InstanceOperation, call engine.Call, in proto.Message) func(string) fault.Answer {
	fields := in.ProtoReflect().Descriptor().Fields()
	field := fields.ByName("key_id")
	if field == nil {
		field = fields.ByName("secret_name")
	}
	if field == nil {
		return nil
	}
	return func(id string) fault.Answer {
		other := proto.Clone(in)
		other.ProtoReflect().Set(field, protoreflect.ValueOfString(valid(id)))
		return x.commit(x.Engine, operation, call, other)
	}
}

// accept finds the caller, or the reason to refuse.
func (x *exchange) accept(body []byte, tooLarge *engine.Error, in proto.Message, parsed bool) (engine.Call, *engine.Error) {
	if tooLarge != nil {
		return engine.Call{}, tooLarge
	}
	if refusal := x.checkForm(x.r, body, x.date); refusal != nil {
		return engine.Call{}, refusal
	}
	key, refusal := x.authenticate(x.r)
	if refusal != nil {
		return engine.Call{}, refusal
	}
	if !parsed {
		return engine.Call{}, errBody()
	}
	return x.place(key, in), nil
}

// parse reads the operation's message. An unknown operation has none.
func parse(operation engine.InstanceOperation, body []byte) (proto.Message, bool) {
	if operation.New == nil {
		return nil, false
	}
	in := operation.New()
	if proto.Unmarshal(body, in) != nil {
		return nil, false
	}
	return in, true
}

// object is what the message names.
func object(in proto.Message) (o engine.Object) {
	if named, ok := in.(interface{ GetKeyId() string }); ok {
		o.Key = named.GetKeyId()
	}
	if named, ok := in.(interface{ GetSecretName() string }); ok {
		o.Secret = named.GetSecretName()
	}
	return o
}

// describe notes what the message names and which of its fields are unknown.
func (x *exchange) describe(in proto.Message) {
	if in == nil {
		return
	}
	o := object(in)
	x.log.Key = o.Key + o.Secret // a message has one of them
	x.log.Parameters = parameters(in)
	if len(in.ProtoReflect().GetUnknown()) > 0 {
		x.log.Unread = []string{"(unknown protobuf field)"}
	}
}

// place puts the ClientKey's call into its account, region and instance.
func (x *exchange) place(key engine.ClientKey, in proto.Message) engine.Call {
	home := x.Instance(host(x.r))
	if home == "" {
		home = x.Reaches(key, object(in))
	}
	x.log.Account, x.log.Region, x.log.Signature = key.Account, key.Region, "ClientKey"
	return engine.Call{
		Account: key.Account, Region: key.Region, Gateway: engine.Instance, ClientKey: key.ID,
		Instance:     home,
		Source:       public.Source(x.r),
		Principal:    "acs:kms:" + key.Region + ":" + key.Account + ":applicationaccesspoint/" + key.AccessPoint,
		RequestID:    x.log.RequestID,
		KeyVersionID: x.r.Header.Get(dkms.HeaderMigrationKeyVersionID),
	}
}

// commit carries the operation out on a call of its own and renders the answer.
func (x *exchange) commit(e *engine.Engine, operation engine.InstanceOperation, call engine.Call, in proto.Message) fault.Answer {
	out, err := operation.Handle(e, &call, in)
	if err == nil {
		a, failure := success(out, x.log.RequestID, call.KeyVersionID, x.date)
		if failure == nil {
			return a
		}
		err = failure
	}
	return refusal(x.explain(err), x.log.RequestID, x.date)
}

// explain turns any error into the service's own.
func (x *exchange) explain(err error) *engine.Error {
	var failure *engine.Failure
	var refusal *engine.Error
	if !errors.As(err, &failure) && errors.As(err, &refusal) {
		return refusal
	}
	x.Logger.Error("operation failed", "operation", x.log.Operation, "request", x.log.RequestID, "error", err)
	return errInternal()
}
