package clientkey

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"net/url"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/compare"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/ciphertext"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Client is a client of the instance gateway with a ClientKey. It is safe
// for concurrent use. It implements [Cryptographer] and [Caller].
type Client struct {
	exchange   *transport.Exchange
	url        *url.URL
	key        *dkms.ClientKey
	header     http.Header // what every request carries
	operations map[string]*kms.Operation
	aad        ciphertext.AADEncoding
	retrier    *transport.Retrier
	comparer   *compare.Comparer
	log        *slog.Logger
}

var (
	_ kms.Cryptographer = (*Client)(nil)
	_ kms.Caller        = (*Client)(nil)
)

// New returns a client of the instance gateway. It does not connect.
func New(c Config) (*Client, error) {
	e, err := transport.InstanceEndpoint(c.Endpoint, c.InstanceID)
	if err != nil {
		return nil, fmt.Errorf("instance gateway: %w", err)
	}
	if c.Key == nil {
		return nil, errors.New("instance gateway: no ClientKey was given")
	}
	if e.Scheme != "https" && !safety.Off(safety.InstanceTLS) {
		return nil, fmt.Errorf("instance gateway %s: it speaks https only", e.Host)
	}
	c.Key.Key.Precompute()
	header := http.Header{}
	for name, value := range map[string]string{
		"Accept":                   dkms.ContentType,
		"User-Agent":               cmp.Or(c.UserAgent, "kmsplan"),
		dkms.HeaderContentType:     dkms.ContentType,
		dkms.HeaderAccessKeyID:     c.Key.KeyID,
		dkms.HeaderAPIVersion:      dkms.APIVersion,
		dkms.HeaderSignatureMethod: dkms.SignatureMethod,
	} {
		header.Set(name, value)
	}
	return &Client{
		exchange: transport.NewExchange(e, c.Connection), url: &url.URL{Scheme: e.Scheme, Host: e.Host, Path: "/"},
		key: c.Key, header: header, operations: kms.ByName(kms.InstanceOperations()), aad: c.AAD,
		retrier: transport.NewRetrier(c.Retry), comparer: compare.New("", c.Aliases), log: transport.OrDiscard(c.Logger),
	}, nil
}

// Endpoint is the gateway's URL.
func (c *Client) Endpoint() string { return c.exchange.Endpoint.String() }

// Operations lists the 15 operations, sorted by name.
func (c *Client) Operations() []kms.Operation { return kms.InstanceOperations() }

// Close drops idle connections.
func (c *Client) Close() { c.exchange.Close() }

// Header names in net/http's canonical form, so that no request pays for it.
var (
	headerAPIName          = textproto.CanonicalMIMEHeaderKey(dkms.HeaderAPIName)
	headerContentSHA256    = textproto.CanonicalMIMEHeaderKey(dkms.HeaderContentSHA256)
	headerDate             = textproto.CanonicalMIMEHeaderKey(dkms.HeaderDate)
	headerAuthorization    = textproto.CanonicalMIMEHeaderKey(dkms.HeaderAuthorization)
	headerMigrationVersion = textproto.CanonicalMIMEHeaderKey(dkms.HeaderMigrationKeyVersionID)
)
