package instance

import (
	"net/http"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/emulator/exchange"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// The gateway's own refusals (KMS: common error codes of the instance gateway).

func errContentType(value string) *engine.Error {
	return exchange.Refuse(http.StatusUnsupportedMediaType, "InvalidContentType", "Content-Type %q is unsupported.", exchange.Clip(value))
}

// errTooLarge is answered without a body.
func errTooLarge() *engine.Error {
	return exchange.Refuse(http.StatusRequestEntityTooLarge, "", "The request is larger than 3 MB.")
}

func errMissing(header string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "MissingParameter", "Parameter %s does not exist in http header or body.", header)
}

func errParam(name string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "InvalidParam", "The Param %s is invalid.", name)
}

func errSkewed() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "RequestTimeTooSkewed", "Request time exceeds server time more than 15 minutes.")
}

func errAPIName(name string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "InvalidApiName", "The ApiName %q is invalid.", exchange.Clip(name))
}

func errAPIVersion(version string) *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, "InvalidApiVersion", "The ApiVersion %q is invalid.", exchange.Clip(version))
}

func errSignature() *engine.Error {
	return exchange.Refuse(http.StatusUnauthorized, "SignatureNotMatch", "Signature is not matched.")
}

func errUnknownClientKey(id string) *engine.Error {
	return exchange.Refuse(http.StatusNotFound, "Unauthorized", "The AccessKey ID %q does not exist in our records.", exchange.Clip(id))
}

// errExpiredClientKey treats an expired ClientKey as one that does not exist, with
// a sentence of its own.
func errExpiredClientKey(id string) *engine.Error {
	return exchange.Refuse(http.StatusNotFound, undocumented.ExpiredClientKeyCode, "The AccessKey ID %q is not valid at this time: it has expired, or is not valid yet.", exchange.Clip(id))
}

// errMethod answers a method other than POST.
func errMethod() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, undocumented.InstanceMethodCode, "Rejected.UnsupportedOperation")
}

// errBody is what a body gets that is not the operation's message.
func errBody() *engine.Error {
	return exchange.Refuse(http.StatusBadRequest, undocumented.InstanceBodyCode, "The specified parameter is not valid.")
}

// accessKeyHeader is the header's name as refusals spell it.
const accessKeyHeader = dkms.HeaderAccessKeyID
