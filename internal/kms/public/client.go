package public

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	sdk "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/dara"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/compare"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Client is a client of the public gateway or of an instance's dedicated
// gateway. It is safe for concurrent use. It implements [Manager],
// [Cryptographer] and [Caller]; operations that its gateway does not serve fail
// with [CodeUnsupported].
type Client struct {
	gateway     string
	region      string
	exchange    *transport.Exchange
	sdk         openapi.Client // builds and signs requests; its HTTP is ours
	operations  map[string]*kms.Operation
	credentials kms.Credentials
	quotas      *transport.Quotas
	retrier     *transport.Retrier
	comparer    *compare.Comparer
	distrust    atomic.Pointer[kms.Error] // the first management answer about another object
	log         *slog.Logger
}

// Both interfaces, whole.
var (
	_ kms.Manager       = (*Client)(nil)
	_ kms.Cryptographer = (*Client)(nil)
	_ kms.Caller        = (*Client)(nil)
)

// New returns a client of the public gateway. It does not connect.
func New(c Config) (*Client, error) {
	e, err := transport.PublicEndpoint(c.Endpoint, c.Region)
	if err != nil {
		return nil, fmt.Errorf("public gateway: %w", err)
	}
	p, err := newClient(kms.GatewayPublic, e, c)
	if err != nil {
		return nil, fmt.Errorf("public gateway %s: %w", e.Host, err)
	}
	p.operations = kms.ByName(kms.PublicOperations())
	p.quotas = transport.NewQuotas(c.Quota, e.Loopback, c.Retry.Clock)
	return p, nil
}

// Uses tells what was made of the account's quotas, and how long calls waited for them.
func (p *Client) Uses() []transport.QuotaUse { return p.quotas.Uses() }

// Rate is how many calls of an operation a second the client allows itself now, and the quota that bounds them; 0 = as many as it can.
func (p *Client) Rate(operation string) (perSecond float64, quota kms.QuotaGroup) {
	o := p.operations[operation]
	if o == nil {
		return 0, ""
	}
	return p.quotas.Rate(o), o.Quota
}

// NewDedicated returns a client of an instance's dedicated gateway with RAM
// credentials. It does not connect. Account quotas do not apply there.
func NewDedicated(c DedicatedConfig) (*Client, error) {
	e, err := transport.InstanceEndpoint(c.Endpoint, c.InstanceID)
	if err != nil {
		return nil, fmt.Errorf("dedicated gateway: %w", err)
	}
	p, err := newClient(kms.GatewayDedicated, e, Config{Connection: c.Connection, Region: c.Region,
		Credentials: c.Credentials, Retry: c.Retry, Logger: c.Logger, UserAgent: c.UserAgent})
	if err != nil {
		return nil, fmt.Errorf("dedicated gateway %s: %w", e.Host, err)
	}
	p.operations = kms.ByName(kms.DedicatedOperations())
	return p, nil
}

func newClient(gateway string, e transport.Endpoint, c Config) (*Client, error) {
	if c.Credentials == nil {
		return nil, errors.New("no credentials were configured")
	}
	region := cmp.Or(c.Region, "cn-hangzhou")
	client, err := sdk.NewClient(&openapi.Config{
		Endpoint: dara.String(e.Host), Protocol: dara.String(e.Scheme), RegionId: dara.String(region),
		UserAgent: dara.String(c.UserAgent), HttpClient: capturer{},
		// The proxy is our transport's business; naming the host here keeps the
		// SDK from sending the proxy's password to the gateway.
		NoProxy: dara.String(e.Host),
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the SDK's client: %s", kms.Scrub(err.Error()))
	}
	return &Client{
		gateway: gateway, region: region, exchange: transport.NewExchange(e, c.Connection), sdk: client.Client,
		comparer:    compare.New(c.Region, c.Aliases),
		credentials: c.Credentials, retrier: transport.NewRetrier(c.Retry), log: transport.OrDiscard(c.Logger),
	}, nil
}

// Account is the account that the gateway's keys are in, "" before an answer named it.
func (p *Client) Account() string { return p.comparer.Account() }

// Endpoint is the gateway's URL.
func (p *Client) Endpoint() string { return p.exchange.Endpoint.String() }

// Region is the region that calls are made in.
func (p *Client) Region() string { return p.region }

// Operations lists what the gateway serves, sorted by name.
func (p *Client) Operations() []kms.Operation {
	if p.gateway == kms.GatewayDedicated {
		return kms.DedicatedOperations()
	}
	return kms.PublicOperations()
}

// Close drops idle connections.
func (p *Client) Close() { p.exchange.Close() }

// capturer is the SDK's HTTP client. It sends through the exchange that the
// request's context carries, keeps the answer there, and shows the SDK an empty
// success: the SDK's own reading of answers loses status and request id.
type capturer struct{}

type captureKey struct{}

type capture struct {
	exchange *transport.Exchange
	called   bool
	answer   transport.Answer
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
	c.answer, c.sent, c.err = c.exchange.RoundTrip(req)
	if c.err != nil {
		return nil, errCaptured
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
}

// newError begins an error of a call.
func (p *Client) newError(operation string, params map[string]any) *kms.Error {
	return &kms.Error{Gateway: p.gateway, Endpoint: p.exchange.Endpoint.Host, Operation: operation, Object: kms.ObjectOf(params)}
}
