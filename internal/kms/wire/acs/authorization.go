package acs

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Authorization is a parsed Authorization header of ACS3 or ACS4.
type Authorization struct {
	Algorithm     Algorithm
	AccessKeyID   string
	Scope         Scope    // ACS4 only
	SignedHeaders []string // lower case, sorted, no duplicate
	Signature     []byte   // 32 bytes
}

// ErrUnsupportedAlgorithm is a well-known variant that is not spoken here:
// the SM3 and RSA kinds.
var ErrUnsupportedAlgorithm = errors.New("signature algorithm is not supported")

// maxSignedHeaders bounds what one request may make the verifier hash.
const maxSignedHeaders = 64

// ParseAuthorization reads "ALGORITHM Credential=…,SignedHeaders=…,Signature=…".
// Its errors hold no part of the signature.
func ParseAuthorization(value string) (Authorization, error) {
	algorithm, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	a := Authorization{Algorithm: Algorithm(algorithm)}
	switch {
	case a.Algorithm == ACS3 || a.Algorithm == ACS4:
	case strings.HasPrefix(algorithm, "ACS3-") || strings.HasPrefix(algorithm, "ACS4-"):
		return a, fmt.Errorf("%w: %.32q", ErrUnsupportedAlgorithm, algorithm)
	default:
		return a, errors.New("the header Authorization names no ACS3 or ACS4 algorithm")
	}
	fields, err := parseFields(rest)
	if err != nil {
		return a, err
	}
	if err := a.setCredential(fields["Credential"]); err != nil {
		return a, err
	}
	if err := a.setSignedHeaders(fields["SignedHeaders"]); err != nil {
		return a, err
	}
	return a, a.setSignature(fields["Signature"])
}

// parseFields reads the three name=value pairs; each must appear once.
func parseFields(rest string) (map[string]string, error) {
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; twice || !ok {
			return nil, errors.New("the header Authorization is not a list of Credential, SignedHeaders and Signature")
		}
		fields[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, fmt.Errorf("the header Authorization has no %s", name)
		}
	}
	if len(fields) != 3 {
		return nil, errors.New("the header Authorization has a part that is not known")
	}
	return fields, nil
}

func (a *Authorization) setCredential(value string) error {
	if a.Algorithm == ACS3 {
		a.AccessKeyID = value
		return nil
	}
	parts := strings.Split(value, "/")
	if len(parts) != 5 || parts[4] != scopeEnd || slices.Contains(parts, "") {
		return errors.New("the part Credential is not KEY/DATE/REGION/PRODUCT/" + scopeEnd)
	}
	a.AccessKeyID = parts[0]
	a.Scope = Scope{Date: parts[1], Region: parts[2], Product: parts[3]}
	return nil
}

func (a *Authorization) setSignedHeaders(value string) error {
	names := strings.Split(value, ";")
	if len(names) > maxSignedHeaders {
		return errors.New("the list SignedHeaders is too long")
	}
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) {
			return errors.New("the list SignedHeaders holds an empty or mixed-case name")
		}
		if i > 0 && names[i-1] >= name {
			return errors.New("the list SignedHeaders is not sorted")
		}
	}
	a.SignedHeaders = names
	return nil
}

// setSignature accepts lower-case hex only, so that one signature has one spelling.
func (a *Authorization) setSignature(value string) error {
	raw, err := hex.DecodeString(value)
	if err != nil || len(raw) != 32 || value != strings.ToLower(value) {
		return errors.New("the part Signature is not 64 lower-case hexadecimal digits")
	}
	a.Signature = raw
	return nil
}
