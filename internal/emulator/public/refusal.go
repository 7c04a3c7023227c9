package public

import (
	"fmt"
	"net/http"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// The gateway's own refusals: what is said before an operation is reached.
// KMS documents some of them; the others follow the general behaviour of Alibaba
// Cloud's OpenAPI gateway, with codes that its SDKs know.

func refuse(status int, code, format string, args ...any) *engine.Error {
	return &engine.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func errMethod(method string) *engine.Error {
	return refuse(http.StatusForbidden, "UnsupportedHTTPMethod", "The HTTP method %.16q is not supported; use GET or POST.", method)
}

func errMissing(name string) *engine.Error {
	return refuse(http.StatusBadRequest, "MissingParameter", "The parameter %q is needed but not provided.", name)
}

func errInvalid(name string) *engine.Error {
	return refuse(http.StatusBadRequest, "InvalidParameter", "The specified parameter %q is not valid.", clip(name))
}

func errParse(what string) *engine.Error {
	return refuse(http.StatusBadRequest, "ParseRequestParameterException", "The request's %s cannot be parsed.", what)
}

func errAction(name string) *engine.Error {
	return refuse(http.StatusNotFound, "InvalidAction.NotFound", "The specified action %q is not found, please check your action and version.", clip(name))
}

// errNotDedicated answers a management operation on the dedicated gateway.
func errNotDedicated(name string) *engine.Error {
	return refuse(undocumented.NotDedicatedStatus, undocumented.NotDedicatedCode, "The action %q is not served by the dedicated gateway; send it to the shared gateway.", name)
}

// errOldImage is what an instance of an image before 3.0.0 answers to RAM
// credentials: it looks for a ClientKey (KMS: access FAQ). The three c's are the
// service's.
func errOldImage() *engine.Error {
	return refuse(http.StatusBadRequest, "MissingParameter", "Parameter x-kms-acccesskeyid does not exist in http header or body.")
}

func errVersion(version string) *engine.Error {
	return refuse(http.StatusBadRequest, "InvalidVersion", "Specified parameter Version %q is not valid; use %s.", clip(version), Version)
}

func errTooLarge() *engine.Error {
	return refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", maxBody)
}

func errThrottled() *engine.Error {
	return refuse(http.StatusTooManyRequests, "Rejected.Throttling", "QPS Limit Exceeded")
}

func errInternal() *engine.Error {
	return refuse(http.StatusInternalServerError, "InternalFailure", "Internal Failure.")
}

// ---- signatures

func errNoAccessKey() *engine.Error {
	return refuse(http.StatusBadRequest, "MissingAccessKeyId", "AccessKeyId is mandatory for this action.")
}

// errUnknownAccessKey is also what an expired session gets (KMS: common error codes).
func errUnknownAccessKey() *engine.Error {
	return refuse(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
}

func errIncomplete(what string) *engine.Error {
	return refuse(http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to Aliyun standards: %s.", what)
}

// errUnsupportedSignature: SM3, RSA and bearer-token signatures exist and are not
// emulated.
func errUnsupportedSignature(what string) *engine.Error {
	return refuse(http.StatusBadRequest, undocumented.UnverifiedSignatureCode, "The emulator does not verify %s; use ACS3-HMAC-SHA256, ACS4-HMAC-SHA256 or RPC HMAC-SHA1.", what)
}

func errSignature() *engine.Error {
	return refuse(http.StatusBadRequest, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your access key and signing method.")
}

func errNonceUsed() *engine.Error {
	return refuse(http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already.")
}

func errTimestamp() *engine.Error {
	return refuse(http.StatusBadRequest, "IllegalTimestamp", "The input parameter Timestamp that is mandatory for processing this request is not supplied or not valid.")
}

func errExpired() *engine.Error {
	return refuse(http.StatusBadRequest, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
}

// errSecurityToken answers a token that is not the AccessKey's.
func errSecurityToken() *engine.Error {
	return refuse(http.StatusBadRequest, undocumented.WrongTokenCode, "Specified SecurityToken mismatches with the AccessKey.")
}

// clip bounds what of a foreign value goes into a message.
func clip(s string) string {
	const limit = 64
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
