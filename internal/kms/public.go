package kms

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	sdk "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/dara"
)

// Public is a client of the public gateway or of an instance's dedicated
// gateway. It is safe for concurrent use. It implements [Manager],
// [Cryptographer] and [Caller]; operations that its gateway does not serve fail
// with [CodeUnsupported].
type Public struct {
	gateway     string
	region      string
	exchange    *exchange
	sdk         openapi.Client // builds and signs requests; its HTTP is ours
	operations  map[string]*Operation
	credentials Credentials
	quotas      *quotas
	retrier     *retrier
	comparer    *comparer
	distrust    atomic.Pointer[Error] // the first management answer about another object
	log         *slog.Logger
}

// Both interfaces, whole.
var (
	_ Manager       = (*Public)(nil)
	_ Cryptographer = (*Public)(nil)
	_ Caller        = (*Public)(nil)
)

// NewPublic returns a client of the public gateway. It does not connect.
func NewPublic(c PublicConfig) (*Public, error) {
	e, err := publicEndpoint(c.Endpoint, c.Region)
	if err != nil {
		return nil, fmt.Errorf("public gateway: %w", err)
	}
	p, err := newPublic(GatewayPublic, e, c)
	if err != nil {
		return nil, fmt.Errorf("public gateway %s: %w", e.host, err)
	}
	p.operations = byName(PublicOperations())
	p.quotas = newQuotas(c.Quota, e.loopback, p.retrier.config.Clock)
	return p, nil
}

// NewDedicated returns a client of an instance's dedicated gateway with RAM
// credentials. It does not connect. Account quotas do not apply there.
func NewDedicated(c DedicatedConfig) (*Public, error) {
	e, err := instanceEndpoint(c.Endpoint, c.InstanceID)
	if err != nil {
		return nil, fmt.Errorf("dedicated gateway: %w", err)
	}
	p, err := newPublic(GatewayDedicated, e, PublicConfig{Connection: c.Connection, Region: c.Region,
		Credentials: c.Credentials, Retry: c.Retry, Logger: c.Logger, UserAgent: c.UserAgent})
	if err != nil {
		return nil, fmt.Errorf("dedicated gateway %s: %w", e.host, err)
	}
	p.operations = byName(DedicatedOperations())
	return p, nil
}

func newPublic(gateway string, e endpoint, c PublicConfig) (*Public, error) {
	if c.Credentials == nil {
		return nil, errors.New("no credentials were configured")
	}
	region := firstOf(c.Region, "cn-hangzhou")
	client, err := sdk.NewClient(&openapi.Config{
		Endpoint: dara.String(e.host), Protocol: dara.String(e.scheme), RegionId: dara.String(region),
		UserAgent: dara.String(c.UserAgent), HttpClient: capturer{},
		// The proxy is our transport's business; naming the host here keeps the
		// SDK from sending the proxy's password to the gateway.
		NoProxy: dara.String(e.host),
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the SDK's client: %s", Scrub(err.Error()))
	}
	return &Public{
		gateway: gateway, region: region, exchange: newExchange(e, c.Connection), sdk: client.Client,
		comparer:    &comparer{region: c.Region, aliases: orNew(c.Aliases)},
		credentials: c.Credentials, retrier: newRetrier(c.Retry), log: orDiscard(c.Logger),
	}, nil
}

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

func orNew(a *Aliases) *Aliases {
	if a == nil {
		return new(Aliases)
	}
	return a
}

// Account is the account that the gateway's keys are in, "" before an answer named it.
func (p *Public) Account() string { return p.comparer.account.known() }

// Endpoint is the gateway's URL.
func (p *Public) Endpoint() string { return p.exchange.endpoint.String() }

// Region is the region that calls are made in.
func (p *Public) Region() string { return p.region }

// Operations lists what the gateway serves, sorted by name.
func (p *Public) Operations() []Operation {
	if p.gateway == GatewayDedicated {
		return DedicatedOperations()
	}
	return PublicOperations()
}

// Close drops idle connections.
func (p *Public) Close() { p.exchange.transport.CloseIdleConnections() }

// capturer is the SDK's HTTP client. It sends through the exchange that the
// request's context carries, keeps the answer there, and shows the SDK an empty
// success: the SDK's own reading of answers loses status and request id.
type capturer struct{}

type captureKey struct{}

type capture struct {
	exchange *exchange
	called   bool
	answer   answer
	sent     bool
	err      error
}

var errCaptured = errors.New("the exchange failed")

// Call implements dara.HttpClient.
func (capturer) Call(req *http.Request, _ *http.Transport) (*http.Response, error) {
	c, ok := req.Context().Value(captureKey{}).(*capture)
	if !ok {
		return nil, errCaptured
	}
	c.called = true
	c.answer, c.sent, c.err = c.exchange.roundTrip(req)
	if c.err != nil {
		return nil, errCaptured
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
}
