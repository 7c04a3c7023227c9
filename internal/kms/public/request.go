package public

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"

	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"

	"kmsplan.dev/kmsplan/internal/kms"
)

const (
	signature = "ACS3-HMAC-SHA256"
	formType  = "application/x-www-form-urlencoded"
)

// request builds and signs one request as the vendor's client does (darabonba-openapi v2.1, Client.DoRequest), and has the
// vendor's library make the signature. Its client itself is left out: for each call it asks the runtime for a stack to make a
// nonce of, and writes the request to JSON for a log that nobody reads. All parameters travel in the form body, so that none
// can end in a URL, except for the operations that use GET, which have no secret ones.
func (p *Client) request(ctx context.Context, o *kms.Operation, values url.Values, c kms.Credential) (*http.Request, error) {
	signed := &dara.Request{Method: dara.String(http.MethodPost), Pathname: dara.String("/"), Query: map[string]*string{}}
	target := url.URL{Scheme: p.exchange.Endpoint.Scheme, Host: p.exchange.Endpoint.Host, Path: "/"}
	var body []byte
	if o.Get {
		signed.Method, target.RawQuery = dara.String(http.MethodGet), values.Encode()
		for name := range values {
			signed.Query[name] = dara.String(values.Get(name))
		}
	} else {
		body = []byte(values.Encode())
	}
	hash := sha256.Sum256(body)
	payload := hex.EncodeToString(hash[:])
	signed.Headers = p.headers(o, c, payload)
	if len(body) > 0 {
		signed.Headers["content-type"] = dara.String(formType)
	}
	signed.Headers["Authorization"] = openapiutil.GetAuthorization(signed, dara.String(signature), &payload, &c.AccessKeyID, dara.String(c.AccessKeySecret.Reveal()))
	return httpRequest(ctx, signed, target.String(), body)
}

func (p *Client) headers(o *kms.Operation, c kms.Credential, payload string) map[string]*string {
	headers := map[string]*string{
		"host": &p.exchange.Endpoint.Host, "accept": dara.String("application/json"), "user-agent": &p.userAgent,
		"x-acs-version": dara.String(apiVersion), "x-acs-action": &o.Name,
		"x-acs-date": openapiutil.GetTimestamp(), "x-acs-signature-nonce": dara.String(rand.Text()), "x-acs-content-sha256": &payload,
		"x-acs-credentials-provider": dara.String("static_ak"),
	}
	if !c.SecurityToken.Empty() {
		headers["x-acs-credentials-provider"] = dara.String("static_sts")
		headers["x-acs-accesskey-id"], headers["x-acs-security-token"] = &c.AccessKeyID, dara.String(c.SecurityToken.Reveal())
	}
	return headers
}

func httpRequest(ctx context.Context, signed *dara.Request, target string, body []byte) (*http.Request, error) {
	var reader io.Reader
	if len(body) > 0 {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, *signed.Method, target, reader)
	if err != nil {
		return nil, err
	}
	for name, value := range signed.Headers {
		if name != "host" { // the URL's
			req.Header.Set(name, *value)
		}
	}
	return req, nil
}
