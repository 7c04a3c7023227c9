package dkms

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// HashBody is the value of the content-sha256 header: upper-case hex.
func HashBody(body []byte) string {
	sum := sha256.Sum256(body)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// StringToSign renders what a request's signature covers: method, body hash,
// content type, date, and every x-kms- header sorted by its lower-case name.
// Several values of one header are each a line.
func StringToSign(method string, h http.Header) string {
	type line struct{ name, value string }
	lines := make([]line, 0, 8)
	for name, values := range h {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, signedPrefix) {
			continue
		}
		for _, v := range values {
			lines = append(lines, line{lower, strings.TrimSpace(v)})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return strings.Compare(a.name, b.name) })

	var b strings.Builder
	b.Grow(384)
	for _, s := range []string{method, h.Get(HeaderContentSHA256), h.Get(HeaderContentType), h.Get(HeaderDate)} {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, l := range lines {
		b.WriteString(l.name)
		b.WriteByte(':')
		b.WriteString(l.value)
		b.WriteByte('\n')
	}
	b.WriteByte('/')
	return b.String()
}

// Sign returns the authorization header's value for a request whose other
// headers are set. The cost is one RSA-2048 private operation.
func Sign(key *rsa.PrivateKey, method string, h http.Header) (string, error) {
	sum := sha256.Sum256([]byte(StringToSign(method, h)))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing an instance request: %w", err)
	}
	return "Bearer " + base64.StdEncoding.EncodeToString(signature), nil
}

// Errors of Verify.
var (
	ErrAuthorization = errors.New("authorization is not Bearer or TOKEN with a base64 signature")
	ErrSignature     = errors.New("signature does not match")
)

// Verify checks a received request's authorization header under the
// ClientKey's public key. It does not look at the body: compare HashBody apart.
func Verify(key *rsa.PublicKey, method string, h http.Header) error {
	signature, err := ParseAuthorization(h.Get(HeaderAuthorization))
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(StringToSign(method, h)))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return ErrSignature
	}
	return nil
}

// ParseAuthorization reads "Bearer <base64>" or "TOKEN <base64>". The base64
// must be canonical, so that one signature has one spelling.
func ParseAuthorization(value string) ([]byte, error) {
	scheme, text, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "TOKEN") {
		return nil, ErrAuthorization
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(signature) == 0 || strings.ContainsAny(text, "\r\n") {
		return nil, ErrAuthorization
	}
	return signature, nil
}
