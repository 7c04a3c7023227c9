package acs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Algorithm is the first word of the Authorization header.
type Algorithm string

// The algorithms that this package signs and verifies.
const (
	ACS3 Algorithm = "ACS3-HMAC-SHA256"
	ACS4 Algorithm = "ACS4-HMAC-SHA256"
)

const scopeEnd = "aliyun_v4_request"

// Scope limits an ACS4 signing key to a day, a region and a product.
type Scope struct {
	Date    string // yyyymmdd, UTC
	Region  string // "center" where the endpoint names none
	Product string // "Kms"
}

// ScopeRegion is the region that ACS4 clients derive from an endpoint: the
// second label of name.region.aliyuncs.com, otherwise "center".
func ScopeRegion(host string) string {
	labels := strings.Split(strings.Replace(host, ".aliyuncs.com", "", 1), ".")
	if len(labels) == 2 {
		return labels[1]
	}
	return "center"
}

// signingKey derives what the HMAC of one algorithm is keyed with.
func signingKey(algorithm Algorithm, secret string, scope Scope) []byte {
	if algorithm == ACS3 {
		return []byte(secret)
	}
	key := mac([]byte("aliyun_v4"+secret), scope.Date)
	key = mac(key, scope.Region)
	key = mac(key, scope.Product)
	return mac(key, scopeEnd)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Authorize signs r and returns the Authorization header's value. Scope is
// used by ACS4 only. The x-acs- headers must already be set, among them the
// content hash.
func (r Request) Authorize(algorithm Algorithm, accessKeyID, secret string, scope Scope) string {
	a := Authorization{Algorithm: algorithm, AccessKeyID: accessKeyID, Scope: scope, SignedHeaders: r.SignedHeaders()}
	a.Signature = mac(signingKey(algorithm, secret, scope), r.stringToSign(algorithm, a.SignedHeaders))
	return a.String()
}

// Verify reports whether a is r's signature under secret, in constant time.
// It says nothing about the body: compare its hash, the date and the nonce
// apart, and see Unsigned.
func (a Authorization) Verify(r Request, secret string) bool {
	want := mac(signingKey(a.Algorithm, secret, a.Scope), r.stringToSign(a.Algorithm, a.SignedHeaders))
	return hmac.Equal(want, a.Signature)
}

// Unsigned lists headers of r that a signature must cover and this one does
// not: host, and every x-acs- header present.
func (a Authorization) Unsigned(r Request) []string {
	covered := map[string]bool{}
	for _, name := range a.SignedHeaders {
		covered[name] = true
	}
	var missing []string
	for _, name := range r.SignedHeaders() {
		if !covered[name] && name != "content-type" {
			missing = append(missing, name)
		}
	}
	return missing
}

// String renders the header's value.
func (a Authorization) String() string {
	credential := a.AccessKeyID
	if a.Algorithm == ACS4 {
		credential = strings.Join([]string{a.AccessKeyID, a.Scope.Date, a.Scope.Region, a.Scope.Product, scopeEnd}, "/")
	}
	return string(a.Algorithm) + " Credential=" + credential +
		",SignedHeaders=" + strings.Join(a.SignedHeaders, ";") +
		",Signature=" + hex.EncodeToString(a.Signature)
}
