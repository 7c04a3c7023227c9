package public

import (
	"net/http"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// The gateway's own refusals: what is said before an operation is reached.
// KMS documents some of them; the others follow the general behaviour of Alibaba
// Cloud's OpenAPI gateway, with codes that its SDKs know.

func errMethod(method string) *engine.Error {
	return exchange.Refuse(http.StatusForbidden, "UnsupportedHTTPMethod", "The HTTP method %.16q is not supported; use GET or POST.", method)
}

func errMissing(name string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "MissingParameter", "The parameter %q is needed but not provided.", name)
}

func errInvalid(name string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "InvalidParameter", "The specified parameter %q is not valid.", exchange.Clip(name))
}

func errParse(what string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "ParseRequestParameterException", "The request's %s cannot be parsed.", what)
}

func errAction(name string) *engine.Error {
	return exchange.Refuse(http.StatusNotFound, "InvalidAction.NotFound", "The specified action %q is not found, please check your action and version.", exchange.Clip(name))
}

// errNotDedicated answers a management operation on the dedicated gateway.
func errNotDedicated(name string) *engine.Error {
	return exchange.Refuse(undocumented.NotDedicatedStatus, undocumented.NotDedicatedCode, "The action %q is not served by the dedicated gateway; send it to the shared gateway.", name)
}

// errOldImage is what an instance of an image before 3.0.0 answers to RAM
// credentials: it looks for a ClientKey (KMS: access FAQ). The three c's are the
// service's.
func errOldImage() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "MissingParameter", "Parameter x-kms-acccesskeyid does not exist in http header or body.")
}

func errVersion(version string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "InvalidVersion", "Specified parameter Version %q is not valid; use %s.", exchange.Clip(version), Version)
}

func errTooLarge() *engine.Error {
	return exchange.Refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", maxBody)
}

func errThrottled() *engine.Error {
	return exchange.Refuse(http.StatusTooManyRequests, "Rejected.Throttling", "QPS Limit Exceeded")
}

// ---- signatures

func errNoAccessKey() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "MissingAccessKeyId", "AccessKeyId is mandatory for this action.")
}

// errUnknownAccessKey is also what an expired session gets (KMS: common error codes).
func errUnknownAccessKey() *engine.Error {
	return exchange.Refuse(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
}

func errIncomplete(what string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to Aliyun standards: %s.", what)
}

// errUnsupportedSignature: SM3, RSA and bearer-token signatures exist and are not
// emulated.
func errUnsupportedSignature(what string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, undocumented.UnverifiedSignatureCode, "The emulator does not verify %s; use ACS3-HMAC-SHA256, ACS4-HMAC-SHA256 or RPC HMAC-SHA1.", what)
}

func errSignature() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your access key and signing method.")
}

func errNonceUsed() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already.")
}

func errTimestamp() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "IllegalTimestamp", "The input parameter Timestamp that is mandatory for processing this request is not supplied or not valid.")
}

// errExpired: KMS's own page names one code for a timestamp that is missing and for one that
// is too old.
func errExpired() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, undocumented.ExpiredTimestampCode, "Specified time stamp or date value is expired.")
}

// errSecurityToken answers a token that is not the AccessKey's.
func errSecurityToken() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, undocumented.WrongTokenCode, "Specified SecurityToken mismatches with the AccessKey.")
}
