package kms

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Facts is what `kmsplan doctor` shows of one gateway.
type Facts struct {
	Gateway  string
	Endpoint string
	Proxy    string // host of the proxy in use, "" = none

	CASource   string // "" = the system's roots
	CASubject  string
	CANotAfter time.Time

	CredentialProvider string // where RAM credentials came from
	AccessKeyID        string // its first and last four characters
	ClientKeyID        string
	ClientKeyNotAfter  time.Time

	Reachable bool          // something answered
	Usable    bool          // the gateway accepted the credential
	Latency   time.Duration // of one call, connection included
	ClockSkew time.Duration // the gateway's clock minus ours; 0 below two seconds
	Err       error         // what went wrong, nil when Usable
	Warnings  []string
}

// Probe makes one harmless call and reports what is known. It never fails as a
// whole; what went wrong stands in Facts.Err.
func (p *Public) Probe(ctx context.Context) Facts {
	f := p.exchange.facts(p.gateway)
	credential, err := p.credentials.Credential(ctx)
	if err != nil {
		e := p.newError("Probe", nil)
		e.Code, e.Message = CodeCredentials, "no credentials: "+err.Error()
		f.Err = e
		return f
	}
	f.CredentialProvider, f.AccessKeyID = credential.Provider, maskID(credential.AccessKeyID)
	operation, params := "DescribeRegions", map[string]any(nil)
	if p.gateway == GatewayDedicated { // it has no operation that needs nothing
		operation, params = "GetPublicKey", map[string]any{"KeyId": "kmsplan-doctor", "KeyVersionId": "kmsplan-doctor"}
	}
	o, sending, e := p.prepare(operation, params)
	if e != nil {
		f.Err = e
		return f
	}
	started := time.Now()
	a, e := p.attempt(ctx, o, params, asked(params, nil), sending)
	f.answered(time.Since(started), a, e)
	return f
}

// Probe makes one harmless call and reports what is known, as Public.Probe.
func (c *ClientKey) Probe(ctx context.Context) Facts {
	f := c.exchange.facts(GatewayInstance)
	f.ClientKeyID, f.ClientKeyNotAfter = c.key.KeyID, c.key.NotAfter()
	o := c.operations["GetPublicKey"]
	in, out := messages(o.Name)
	_, err := fillMessage(o, map[string]any{"KeyId": "kmsplan-doctor"}, in)
	if err != nil {
		f.Err = err
		return f
	}
	body := marshal(in)
	started := time.Now()
	a, e := c.attempt(ctx, o, "", "", dkms.HashBody(body), body)
	if e == nil {
		e = c.read(o, "", a, in, out)
	}
	f.answered(time.Since(started), a, e)
	return f
}

// answered reads the probe's answer. The object does not exist, so a refusal
// for that, or for lack of permission on it, proves that the credential works.
func (f *Facts) answered(took time.Duration, a answer, e *Error) {
	f.Latency, f.Reachable = took, a.status != 0
	f.ClockSkew = a.clockSkew(time.Now())
	if e == nil || accepted(e) {
		f.Usable = true
		return
	}
	f.Err = e
}

func accepted(e *Error) bool {
	return IsNotFound(e) || slices.Contains([]string{"Forbidden.NoPermission", "Forbidden.KeyVersionNotFound", "InvalidParameter"}, e.Code)
}

func (x *exchange) facts(gateway string) Facts {
	f := Facts{Gateway: gateway, Endpoint: x.endpoint.String()}
	if x.ca != nil {
		f.CASource, f.CASubject, f.CANotAfter = x.ca.Source, x.ca.Subject(), x.ca.NotAfter()
	}
	proxy, err := x.transport.Proxy(&http.Request{URL: &url.URL{Scheme: x.endpoint.scheme, Host: x.endpoint.host}})
	if err == nil && proxy != nil {
		f.Proxy = proxy.Host
	}
	f.Warnings = proxyWarnings()
	if debugs(os.Getenv("DEBUG")) {
		f.Warnings = append(f.Warnings, "DEBUG=dara is set: the SDK prints every request's headers, the session token among them, to standard output")
	}
	return f
}

// proxyWarnings names proxy variables that net/http ignores because it cannot
// read them. Their values may hold a password.
func proxyWarnings() []string {
	var warnings []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		value := os.Getenv(name)
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if _, err := url.Parse(value); err != nil {
			warnings = append(warnings, name+" is not a valid URL and is ignored")
		}
	}
	return warnings
}

func debugs(value string) bool { return slices.Contains(strings.Split(value, ","), "dara") }

// maskID shows enough of an AccessKey id to recognise it.
func maskID(id string) string {
	if len(id) <= 8 {
		return id
	}
	return id[:4] + "…" + id[len(id)-4:]
}
