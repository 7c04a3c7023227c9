package transport

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Endpoint is where a gateway listens.
type Endpoint struct {
	Scheme   string // https, or http on loopback
	Host     string // host[:port] as sent in the Host header
	Loopback bool
}

func (e Endpoint) String() string { return e.Scheme + "://" + e.Host }

var (
	regionName   = pattern.New(`^[a-z0-9][a-z0-9-]{1,62}$`)
	instanceName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9_-]{1,62}$`)
)

// publicHost is the public gateway's host in a region.
func publicHost(region string) string { return "kms." + region + ".aliyuncs.com" }

// instanceHost is the host of an instance's gateway.
func instanceHost(instanceID string) string {
	return instanceID + ".cryptoservice.kms.aliyuncs.com"
}

// PublicEndpoint resolves the configured or the region's endpoint.
func PublicEndpoint(given, region string) (Endpoint, error) {
	if given == "" {
		if !regionName.MatchString(region) {
			return Endpoint{}, fmt.Errorf("region %q is not a region name such as cn-hangzhou: set the gateway's region", region)
		}
		given = publicHost(region)
	}
	return parseEndpoint(given)
}

// InstanceEndpoint resolves the configured or the instance's endpoint.
func InstanceEndpoint(given, instanceID string) (Endpoint, error) {
	if given == "" {
		if !instanceName.MatchString(instanceID) {
			return Endpoint{}, fmt.Errorf("instance id %q is not one such as kst-hzz65f176a0ogplgq0000: set the instance's id", instanceID)
		}
		given = instanceHost(instanceID)
	}
	return parseEndpoint(given)
}

// parseEndpoint reads host[:port] or a URL without path. Plain http is allowed
// on loopback only.
func parseEndpoint(given string) (Endpoint, error) {
	text := given
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return Endpoint{}, fmt.Errorf("endpoint %q is not host[:port] or https://host[:port]", printable(given))
	}
	if strings.TrimRight(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return Endpoint{}, fmt.Errorf("endpoint of %s has more than host and port: give https://host[:port]", u.Host)
	}
	if err := checkPort(u.Port(), strings.HasSuffix(u.Host, ":")); err != nil {
		return Endpoint{}, fmt.Errorf("endpoint %s: %w", u.Host, err)
	}
	e := Endpoint{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host), Loopback: isLoopback(u.Hostname())}
	switch {
	case e.Scheme == "https", e.Scheme == "http" && (e.Loopback || safety.Off(safety.GatewayTLS)):
		return e, nil
	case e.Scheme == "http":
		return Endpoint{}, fmt.Errorf("endpoint %s would be plain http: only https is allowed, except on 127.0.0.1, ::1 and localhost", e.Host)
	}
	return Endpoint{}, fmt.Errorf("endpoint scheme %q is not https", e.Scheme)
}

func checkPort(port string, dangling bool) error {
	if dangling {
		return fmt.Errorf("the port is missing after the colon")
	}
	if port == "" {
		return nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %q is not 1–65535", port)
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// printable keeps credentials that someone put into an endpoint out of errors.
func printable(given string) string {
	if i := strings.LastIndex(given, "@"); i >= 0 {
		return "…" + given[i:]
	}
	if i := strings.IndexByte(given, '?'); i >= 0 {
		return given[:i] + "?…"
	}
	return given
}
