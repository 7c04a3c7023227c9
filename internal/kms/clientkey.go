package kms

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"net/url"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// ClientKey is a client of the instance gateway with a ClientKey. It is safe
// for concurrent use. It implements [Cryptographer] and [Caller].
type ClientKey struct {
	exchange   *exchange
	url        *url.URL
	key        *dkms.ClientKey
	header     http.Header // what every request carries
	operations map[string]*Operation
	aad        AADEncoding
	retrier    *retrier
	comparer   *comparer
	log        *slog.Logger
}

var (
	_ Cryptographer = (*ClientKey)(nil)
	_ Caller        = (*ClientKey)(nil)
)

// NewClientKey returns a client of the instance gateway. It does not connect.
func NewClientKey(c ClientKeyConfig) (*ClientKey, error) {
	e, err := instanceEndpoint(c.Endpoint, c.InstanceID)
	if err != nil {
		return nil, fmt.Errorf("instance gateway: %w", err)
	}
	if c.Key == nil {
		return nil, errors.New("instance gateway: no ClientKey was given")
	}
	if e.scheme != "https" {
		return nil, fmt.Errorf("instance gateway %s: it speaks https only", e.host)
	}
	c.Key.Key.Precompute()
	header := http.Header{}
	for name, value := range map[string]string{
		"Accept":                   dkms.ContentType,
		"User-Agent":               firstOf(c.UserAgent, "kmsplan"),
		dkms.HeaderContentType:     dkms.ContentType,
		dkms.HeaderAccessKeyID:     c.Key.KeyID,
		dkms.HeaderAPIVersion:      dkms.APIVersion,
		dkms.HeaderSignatureMethod: dkms.SignatureMethod,
	} {
		header.Set(name, value)
	}
	return &ClientKey{
		exchange: newExchange(e, c.Connection), url: &url.URL{Scheme: e.scheme, Host: e.host, Path: "/"},
		key: c.Key, header: header, operations: byName(InstanceOperations()), aad: c.AAD,
		retrier: newRetrier(c.Retry), comparer: &comparer{aliases: orNew(c.Aliases)}, log: orDiscard(c.Logger),
	}, nil
}

// Endpoint is the gateway's URL.
func (c *ClientKey) Endpoint() string { return c.exchange.endpoint.String() }

// Operations lists the 15 operations, sorted by name.
func (c *ClientKey) Operations() []Operation { return InstanceOperations() }

// Close drops idle connections.
func (c *ClientKey) Close() { c.exchange.transport.CloseIdleConnections() }

// Header names in net/http's canonical form, so that no request pays for it.
var (
	headerAPIName          = textproto.CanonicalMIMEHeaderKey(dkms.HeaderAPIName)
	headerContentSHA256    = textproto.CanonicalMIMEHeaderKey(dkms.HeaderContentSHA256)
	headerDate             = textproto.CanonicalMIMEHeaderKey(dkms.HeaderDate)
	headerAuthorization    = textproto.CanonicalMIMEHeaderKey(dkms.HeaderAuthorization)
	headerMigrationVersion = textproto.CanonicalMIMEHeaderKey(dkms.HeaderMigrationKeyVersionID)
)
