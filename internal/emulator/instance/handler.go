package instance

import (
	"net/http"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/fault"
	"kmsplan.dev/kmsplan/internal/emulator/public"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Config is what a Handler works with. Every field is needed. The ClientKeys' validity is judged by Now.
type Config struct {
	exchange.Config
	Operations map[string]engine.InstanceOperation
	ClientKey  func(id string) (engine.ClientKey, bool)
	// Instance names the instance that a host stands for; "" = it names none, and
	// Reaches says which one the call means.
	Instance  func(host string) string
	Reaches   func(engine.ClientKey, engine.Object) string
	Verify    bool            // check signatures; the public gateway's strict
	Dedicated *public.Handler // serves the RAM protocol
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
	x := h.Begin(w, r, engine.Instance)
	x.Log.Operation, x.Log.Caller = r.Header.Get(dkms.HeaderAPIName), r.Header.Get(dkms.HeaderAccessKeyID)
	c := &conversation{Handler: h, operation: h.Operations[x.Log.Operation]}
	c.body, c.tooLarge = readBody(r)
	c.in, c.parsed = parse(c.operation, c.body)
	c.describe(x)
	x.Serve(c)
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

// conversation is the protocol of one request.
type conversation struct {
	*Handler
	operation engine.InstanceOperation
	body      []byte
	tooLarge  *engine.Error
	in        proto.Message // nil for an unknown operation
	parsed    bool
}

// Accept implements exchange.Protocol: it finds the caller, or the reason to refuse.
func (c *conversation) Accept(x *exchange.Exchange) (exchange.Accepted, *engine.Error) {
	if c.tooLarge != nil {
		return exchange.Accepted{}, c.tooLarge
	}
	if refusal := c.checkForm(x.R, c.body, x.Date); refusal != nil {
		return exchange.Accepted{}, refusal
	}
	key, refusal := c.authenticate(x.R)
	if refusal != nil {
		return exchange.Accepted{}, refusal
	}
	if !c.parsed {
		return exchange.Accepted{}, errBody()
	}
	call := c.place(x, key)
	run := func(e *engine.Engine, in proto.Message) (fault.Answer, error) {
		own := call // an operation notes in it which key version it used
		out, err := c.operation.Handle(e, &own, in)
		if err != nil {
			return fault.Answer{}, err
		}
		return success(out, x.Log.RequestID, own.KeyVersionID, x.Date)
	}
	return exchange.Accepted{
		Run:   func(e *engine.Engine) (fault.Answer, error) { return run(e, c.in) },
		About: c.about(run),
	}, nil
}

// about carries the operation out for another key or secret than the message
// names; nil if it names none.
func (c *conversation) about(run func(*engine.Engine, proto.Message) (fault.Answer, error)) func(*engine.Engine, string) (fault.Answer, error) {
	fields := c.in.ProtoReflect().Descriptor().Fields()
	field := fields.ByName("key_id")
	if field == nil {
		field = fields.ByName("secret_name")
	}
	if field == nil {
		return nil
	}
	return func(e *engine.Engine, id string) (fault.Answer, error) {
		other := proto.Clone(c.in)
		other.ProtoReflect().Set(field, protoreflect.ValueOfString(valid(id)))
		return run(e, other)
	}
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
func (c *conversation) describe(x *exchange.Exchange) {
	if c.in == nil {
		return
	}
	o := object(c.in)
	x.Log.Key = o.Key + o.Secret // a message has one of them
	x.Log.Parameters = parameters(c.in)
	if len(c.in.ProtoReflect().GetUnknown()) > 0 {
		x.Log.Unread = []string{"(unknown protobuf field)"}
	}
}

// place puts the ClientKey's call into its account, region and instance.
func (c *conversation) place(x *exchange.Exchange, key engine.ClientKey) engine.Call {
	home := c.Instance(host(x.R))
	if home == "" {
		home = c.Reaches(key, object(c.in))
	}
	x.Log.Account, x.Log.Region, x.Log.Signature = key.Account, key.Region, "ClientKey"
	return engine.Call{
		Account: key.Account, Region: key.Region, Gateway: engine.Instance, ClientKey: key.ID,
		Instance:     home,
		Source:       exchange.Source(x.R),
		Principal:    "acs:kms:" + key.Region + ":" + key.Account + ":applicationaccesspoint/" + key.AccessPoint,
		RequestID:    x.Log.RequestID,
		KeyVersionID: x.R.Header.Get(dkms.HeaderMigrationKeyVersionID),
	}
}

// Refusal implements exchange.Protocol.
func (c *conversation) Refusal(x *exchange.Exchange, e *engine.Error) fault.Answer {
	return refusal(e, x.Log.RequestID, x.Date)
}

// Malformed implements exchange.Protocol.
func (c *conversation) Malformed(a fault.Answer) fault.Answer {
	a.Body = append([]byte{0xff, 0xff, 0xff}, a.Body...)
	return a
}
