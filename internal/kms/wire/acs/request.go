package acs

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The headers that ACS3 and ACS4 requests carry.
const (
	HeaderAction        = "x-acs-action"
	HeaderVersion       = "x-acs-version"
	HeaderDate          = "x-acs-date"
	HeaderNonce         = "x-acs-signature-nonce"
	HeaderContentSHA256 = "x-acs-content-sha256"
	HeaderAccessKeyID   = "x-acs-accesskey-id"
	HeaderSecurityToken = "x-acs-security-token"
	HeaderBearerToken   = "x-acs-bearer-token"
)

// DateFormat is the layout of x-acs-date and of RPC's Timestamp, in UTC.
const DateFormat = "2006-01-02T15:04:05Z"

// Request is everything of an HTTP request that ACS3 and ACS4 sign.
type Request struct {
	Method string
	Path   string // "" counts as "/"
	Query  url.Values
	Host   string // the Host header as sent, with its port
	Header http.Header
}

// FromHTTP takes the signed parts of a received or an outgoing request.
// The query is parsed and encoded anew: a raw query is never hashed.
func FromHTTP(r *http.Request) (Request, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Request{}, err
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: query, Host: host, Header: r.Header}, nil
}

// HashBody is the value of x-acs-content-sha256: lower-case hex.
func HashBody(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// SignedHeaders lists the names that a signature of r covers: host,
// content-type and every x-acs- header, sorted.
func (r Request) SignedHeaders() []string {
	names := []string{"host"}
	for name := range r.Header {
		if n := strings.ToLower(name); n == "content-type" || strings.HasPrefix(n, "x-acs-") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// header renders the value of one signed header: several values are sorted
// and joined with commas.
func (r Request) header(name string) string {
	if name == "host" {
		return strings.TrimSpace(r.Host)
	}
	values := r.Header.Values(name)
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	slices.Sort(trimmed)
	return strings.Join(trimmed, ",")
}

// Canonical is the canonical request: method, path, query, headers, the list
// of header names, and the body's hash, one a line.
func (r Request) Canonical(algorithm Algorithm, signed []string) string {
	path := r.Path
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.Query, algorithm == ACS4) + "\n")
	for _, name := range signed {
		b.WriteString(name + ":" + r.header(name) + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + r.header(HeaderContentSHA256))
	return b.String()
}

// stringToSign is the algorithm's name and the canonical request's digest.
func (r Request) stringToSign(algorithm Algorithm, signed []string) string {
	sum := sha256.Sum256([]byte(r.Canonical(algorithm, signed)))
	return string(algorithm) + "\n" + hex.EncodeToString(sum[:])
}
