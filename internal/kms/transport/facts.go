package transport

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
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

// Answered reads the probe's answer. The object does not exist, so a refusal
// for that, or for lack of permission on it, proves that the credential works.
func (f *Facts) Answered(took time.Duration, a Answer, e *kms.Error) {
	f.Latency, f.Reachable = took, a.Status != 0
	f.ClockSkew = a.ClockSkew(time.Now())
	if e == nil || accepted(e) {
		f.Usable = true
		return
	}
	f.Err = e
}

func accepted(e *kms.Error) bool {
	return kms.IsNotFound(e) || slices.Contains([]string{"Forbidden.NoPermission", "Forbidden.KeyVersionNotFound", "InvalidParameter"}, e.Code)
}

func (x *Exchange) Facts(gateway string) Facts {
	f := Facts{Gateway: gateway, Endpoint: x.Endpoint.String()}
	if x.ca != nil {
		f.CASource, f.CASubject, f.CANotAfter = x.ca.Source, x.ca.Subject(), x.ca.NotAfter()
	}
	proxy, err := x.transport.Proxy(&http.Request{URL: &url.URL{Scheme: x.Endpoint.Scheme, Host: x.Endpoint.Host}})
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
