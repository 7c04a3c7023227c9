package public

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
)

// Config is what a Handler works with. Every field is needed.
type Config struct {
	exchange.Config
	Operations         map[string]engine.Operation
	Credentials        func(accessKeyID string) (engine.Credential, bool)
	DefaultAccessKeyID func() string // for auth off
	DefaultRegion      string
	Auth               Auth
	// Reaches names the instance that a call to an instance's own address means when
	// the address names none.
	Reaches func(*engine.Call, engine.Object) string
	// Permits refuses what a RAM user's policies do not allow; it reads parameters by name.
	Permits func(c *engine.Call, operation string, parameter func(string) string) error
	// SpeaksRAM tells whether an instance's host serves this protocol at all; the
	// instance "" is the region's first one.
	SpeaksRAM func(region, instance string) bool
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

// Serve serves the shared gateway, or the dedicated gateway of an instance.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, gateway engine.Gateway, instance string) {
	x := h.Begin(w, r, gateway)
	q, refusal := read(r)
	x.Log.Operation, x.Log.Caller, x.Log.Key, x.Log.Parameters = q.action, q.caller(), q.target(), flat(q)
	x.Serve(&conversation{h, q, refusal, instance})
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

// conversation is the protocol of one request.
type conversation struct {
	*Handler
	q        *request
	unread   *engine.Error // why the request could not be read
	instance string        // whose dedicated gateway this is; "" = the address names none
}

// Accept implements exchange.Protocol: it finds the operation, the caller and the parameters, or the
// reason to refuse.
func (c *conversation) Accept(x *exchange.Exchange) (exchange.Accepted, *engine.Error) {
	if c.unread != nil {
		return exchange.Accepted{}, c.unread
	}
	operation, call, in, refusal := c.check(x)
	if refusal != nil {
		return exchange.Accepted{}, refusal
	}
	run := func(e *engine.Engine, in any) (fault.Answer, error) {
		out, err := operation.Handle(e, call, in)
		if err != nil {
			return fault.Answer{}, err
		}
		return c.encoder(x).success(out)
	}
	return exchange.Accepted{
		Run:    func(e *engine.Engine) (fault.Answer, error) { return run(e, in) },
		About:  c.about(operation, run),
		Writes: operation.Mutates, Lists: !operation.Mutates && strings.HasPrefix(operation.Name, "List"),
		Fingerprint: c.fingerprint(x),
	}, nil
}

// check runs the gateway's checks in its order.
func (c *conversation) check(x *exchange.Exchange) (operation engine.Operation, call *engine.Call, in any, refusal *engine.Error) {
	if refusal = c.checkImage(x.Gateway, c.DefaultRegion, c.instance); refusal != nil {
		return
	}
	if operation, refusal = c.find(x.Gateway); refusal != nil {
		return
	}
	if call, refusal = c.admit(x); refusal != nil {
		return
	}
	if x.Gateway == engine.Public && !x.Throttle.Allow(call.Account, call.Region, operation.Group) {
		return operation, call, nil, errThrottled()
	}
	in = operation.New()
	x.Log.Unread, refusal = decode(c.q.params, in)
	if x.Gateway == engine.Dedicated && call.Instance == "" {
		call.Instance = c.Reaches(call, c.q.object())
		if old := c.checkImage(x.Gateway, call.Region, call.Instance); old != nil {
			refusal = old
		}
	}
	if refusal == nil {
		refusal = c.permitted(call, operation.Name)
	}
	return
}

// permitted holds a RAM user's call against its policies.
func (c *conversation) permitted(call *engine.Call, operation string) *engine.Error {
	err := c.Permits(call, operation, c.q.params.Get)
	var refusal *engine.Error
	errors.As(err, &refusal) // the engine refuses with nothing else
	return refusal
}

// checkImage refuses what an instance of an older image does not understand.
func (c *conversation) checkImage(gateway engine.Gateway, region, instance string) *engine.Error {
	if gateway != engine.Dedicated || c.SpeaksRAM(region, instance) {
		return nil
	}
	return errOldImage()
}

// about carries the operation out for another object than the one the request
// names; nil if it names none.
func (c *conversation) about(operation engine.Operation, run func(*engine.Engine, any) (fault.Answer, error)) func(*engine.Engine, string) (fault.Answer, error) {
	name := c.q.targetName()
	if name == "" {
		return nil
	}
	return func(e *engine.Engine, id string) (fault.Answer, error) {
		params := maps.Clone(c.q.params)
		params.Set(name, id)
		in := operation.New()
		if _, refusal := decode(params, in); refusal != nil {
			return fault.Answer{}, refusal
		}
		return run(e, in)
	}
}

// find looks the operation up.
func (c *conversation) find(gateway engine.Gateway) (engine.Operation, *engine.Error) {
	if c.q.version != Version {
		return engine.Operation{}, errVersion(c.q.version)
	}
	operation, known := c.Operations[c.q.action]
	if !known || c.q.http.URL.Path != "/" && c.q.http.URL.Path != "" {
		return operation, errAction(c.q.action)
	}
	if gateway == engine.Dedicated && !operation.Dedicated {
		return operation, errNotDedicated(c.q.action)
	}
	return operation, nil
}

// admit authenticates the caller and places the call.
func (c *conversation) admit(x *exchange.Exchange) (*engine.Call, *engine.Error) {
	who, refusal := c.authenticate(c.q, x.Date)
	if refusal != nil {
		return nil, refusal
	}
	region, refusal := c.region(c.q)
	if refusal != nil {
		return nil, refusal
	}
	x.Log.Account, x.Log.Region, x.Log.Caller, x.Log.Signature = who.Account, region, who.AccessKeyID, who.signature
	return &engine.Call{
		Account: who.Account, Region: region, Principal: who.Principal, RAM: who.Policies,
		Gateway: x.Gateway, Instance: c.instance, RequestID: x.Log.RequestID, Source: exchange.Source(x.R),
	}, nil
}

// fingerprint is equal for equal reads by one caller.
func (c *conversation) fingerprint(x *exchange.Exchange) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c.q.params)) {
		if !slices.Contains(common, name) || name == "RegionId" {
			h.Write([]byte(name + "\x00" + c.q.params.Get(name) + "\x00"))
		}
	}
	return c.q.action + " " + x.Log.Account + " " + x.Log.Region + " " + hex.EncodeToString(h.Sum(nil))
}

// encoder renders the answers to the request.
func (c *conversation) encoder(x *exchange.Exchange) encoder {
	return encoder{requestID: x.Log.RequestID, host: x.R.Host, action: c.q.action, xml: c.q.xml, date: x.Date}
}

// Refusal implements exchange.Protocol.
func (c *conversation) Refusal(x *exchange.Exchange, e *engine.Error) fault.Answer {
	return c.encoder(x).refusal(e)
}

// Malformed implements exchange.Protocol.
func (c *conversation) Malformed(a fault.Answer) fault.Answer {
	a.Body = append([]byte(`{"RequestId":`), a.Body...)
	return a
}
