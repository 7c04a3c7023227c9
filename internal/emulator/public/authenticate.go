package public

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/kms/wire/acs"
)

// Auth is how much of a caller's identity is checked.
type Auth string

// The modes.
const (
	Strict     Auth = "strict"     // signature, time, nonce and token, as the service does
	Permissive Auth = "permissive" // the AccessKey id must be known; nothing is verified
	Off        Auth = "off"        // an unknown or missing AccessKey id counts as the bootstrap account's
)

// ParseAuth reads a mode; "" is Strict.
func ParseAuth(text string) (Auth, error) {
	switch a := Auth(text); a {
	case "":
		return Strict, nil
	case Strict, Permissive, Off:
		return a, nil
	default:
		return "", fmt.Errorf("auth %q is not strict, permissive or off", text)
	}
}

// maxNonce is the longest nonce that is looked at.
const maxNonce = undocumented.NonceMax

// identity is an authenticated caller.
type identity struct {
	engine.Credential
	signature string // its kind, for the log
}

// authenticate finds out who calls. Now is the time that the request's date is
// judged by.
func (h *Handler) authenticate(q *request, now time.Time) (identity, *engine.Error) {
	if h.Auth != Strict {
		return h.believe(q)
	}
	if q.acs {
		return h.verifyACS(q, now)
	}
	return h.verifyRPC(q, now)
}

// believe is authenticate without verification.
func (h *Handler) believe(q *request) (identity, *engine.Error) {
	if c, found := h.Credentials(q.caller()); found {
		return identity{c, "unverified"}, nil
	}
	if h.Auth == Off {
		if c, found := h.Credentials(h.DefaultAccessKeyID()); found {
			return identity{c, "none"}, nil
		}
	}
	if q.caller() == "" {
		return identity{}, errNoAccessKey()
	}
	return identity{}, errUnknownAccessKey()
}

// verifyACS checks an ACS3 or ACS4 signature and everything that it covers.
func (h *Handler) verifyACS(q *request, now time.Time) (identity, *engine.Error) {
	a, err := acs.ParseAuthorization(q.http.Header.Get("Authorization"))
	if errors.Is(err, acs.ErrUnsupportedAlgorithm) {
		return identity{}, errUnsupportedSignature(exchange.Clip(string(a.Algorithm)))
	}
	if err != nil {
		return identity{}, errIncomplete(err.Error())
	}
	signed, err := acs.FromHTTP(q.http)
	if err != nil {
		return identity{}, errParse("query")
	}
	if refusal := h.checkHeaders(q, a, signed, now); refusal != nil {
		return identity{}, refusal
	}
	c, found := h.Credentials(a.AccessKeyID)
	if !found {
		return identity{}, errUnknownAccessKey()
	}
	if refusal := checkToken(c, q.http.Header.Get(acs.HeaderSecurityToken)); refusal != nil {
		return identity{}, refusal
	}
	if !a.Verify(signed, c.Secret) {
		return identity{}, errSignature()
	}
	if !h.nonces.use(a.AccessKeyID, q.http.Header.Get(acs.HeaderNonce), h.WireNow()) {
		return identity{}, errNonceUsed()
	}
	return identity{c, kind(string(a.Algorithm), c)}, nil
}

// checkHeaders checks what an ACS signature relies on and does not prove: the
// headers are there once and covered, the body has the signed hash, the date is
// near, the scope is this gateway's.
func (h *Handler) checkHeaders(q *request, a acs.Authorization, signed acs.Request, now time.Time) *engine.Error {
	if missing := a.Unsigned(signed); len(missing) > 0 {
		return errIncomplete("the header " + exchange.Clip(missing[0]) + " is not signed")
	}
	for _, name := range []string{acs.HeaderDate, acs.HeaderNonce, acs.HeaderContentSHA256} {
		if values := q.http.Header.Values(name); len(values) != 1 || values[0] == "" {
			if name == acs.HeaderDate {
				return errTimestamp()
			}
			return errIncomplete("the header " + name + " is needed once")
		}
	}
	if len(q.http.Header.Get(acs.HeaderNonce)) > maxNonce {
		return errIncomplete("the header " + acs.HeaderNonce + " is too long")
	}
	if !equal(q.http.Header.Get(acs.HeaderContentSHA256), acs.HashBody(q.body)) {
		return errIncomplete("the header " + acs.HeaderContentSHA256 + " is not the body's hash")
	}
	date := q.http.Header.Get(acs.HeaderDate)
	if refusal := checkTime(date, now); refusal != nil {
		return refusal
	}
	if id := q.http.Header.Get(acs.HeaderAccessKeyID); id != "" && id != a.AccessKeyID {
		return errIncomplete("the header " + acs.HeaderAccessKeyID + " is not the Credential")
	}
	if a.Algorithm == acs.ACS4 {
		return h.checkScope(q, a.Scope, date)
	}
	return nil
}

// checkScope requires an ACS4 key of the request's own day, product and region.
func (h *Handler) checkScope(q *request, scope acs.Scope, date string) *engine.Error {
	at, _ := time.Parse(acs.DateFormat, date) // checkTime has parsed it
	region, refusal := h.region(q)
	switch {
	case refusal != nil:
		return refusal
	case scope.Date != at.Format("20060102"):
		return errIncomplete("the date of the Credential's scope is not the request's")
	case scope.Product != "Kms":
		return errIncomplete("the product of the Credential's scope is not Kms")
	case scope.Region != acs.ScopeRegion(q.http.Host) && scope.Region != region:
		return errIncomplete("the region of the Credential's scope is not this gateway's")
	}
	return nil
}

// verifyRPC checks the older signature over query and form.
func (h *Handler) verifyRPC(q *request, now time.Time) (identity, *engine.Error) {
	p := q.params
	switch {
	case p.Get(acs.ParamSignatureType) == "BEARERTOKEN" || p.Has(acs.ParamBearerToken) || q.http.Header.Get(acs.HeaderBearerToken) != "":
		return identity{}, errUnsupportedSignature("bearer tokens")
	case p.Get(acs.ParamAccessKeyID) == "":
		return identity{}, errNoAccessKey()
	case p.Get(acs.ParamSignature) == "":
		return identity{}, errIncomplete("Signature is missing")
	case p.Get(acs.ParamSignatureMethod) != acs.RPCMethod:
		return identity{}, errUnsupportedSignature("SignatureMethod " + exchange.Clip(p.Get(acs.ParamSignatureMethod)))
	case p.Get(acs.ParamSignatureVersion) != acs.RPCVersion:
		return identity{}, errUnsupportedSignature("SignatureVersion " + exchange.Clip(p.Get(acs.ParamSignatureVersion)))
	case len(p.Get(acs.ParamSignatureNonce)) > maxNonce:
		return identity{}, errIncomplete("SignatureNonce is too long")
	}
	if refusal := checkTime(p.Get(acs.ParamTimestamp), now); refusal != nil {
		return identity{}, refusal
	}
	c, found := h.Credentials(p.Get(acs.ParamAccessKeyID))
	if !found {
		return identity{}, errUnknownAccessKey()
	}
	if refusal := checkToken(c, p.Get(acs.ParamSecurityToken)); refusal != nil {
		return identity{}, refusal
	}
	if !acs.VerifyRPC(q.http.Method, p, c.Secret) {
		return identity{}, errSignature()
	}
	// KMS lists no SignatureNonce among its common parameters (document_detail/69007):
	// a request without one can be sent again while its Timestamp is fresh.
	if nonce := p.Get(acs.ParamSignatureNonce); nonce != "" && !h.nonces.use(c.AccessKeyID, nonce, h.WireNow()) {
		return identity{}, errNonceUsed()
	}
	return identity{c, kind("RPC-HMAC-SHA1", c)}, nil
}

func kind(algorithm string, c engine.Credential) string {
	if c.SecurityToken != "" {
		return algorithm + " STS"
	}
	return algorithm + " AK"
}

// checkTime requires a well-formed date at most exchange.Window away.
func checkTime(date string, now time.Time) *engine.Error {
	at, err := time.Parse(acs.DateFormat, date)
	if err != nil {
		return errTimestamp()
	}
	if now.Sub(at).Abs() > exchange.Window {
		return errExpired()
	}
	return nil
}

// checkToken requires the session's token of a session, and none of an AccessKey.
func checkToken(c engine.Credential, token string) *engine.Error {
	if !equal(c.SecurityToken, token) {
		return errSecurityToken()
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
