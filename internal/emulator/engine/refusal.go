package engine

import "fmt"

// Refusals in the service's words. Every handler uses these, so that a code has
// one status and one sentence. (KMS: common error codes.)

func refuse(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func errInvalidParameter(name string) *Error {
	return refuse(400, "InvalidParameter", "The specified parameter %q is not valid.", name)
}

func errMissingParameter(name string) *Error {
	return refuse(400, "MissingParameter", "The parameter %q is needed but not provided.", name)
}

func errLimitExceeded(what string) *Error {
	return refuse(400, "Rejected.LimitExceeded", "The %s quota is exceeded.", what)
}

func errUnsupportedOperation() *Error {
	return refuse(400, "UnsupportedOperation", "This action is not supported.")
}

// errRejectedOperation is the rotation operations' own form of the refusal.
func errRejectedOperation() *Error {
	return refuse(400, "Rejected.UnsupportedOperation", "Unsupported operation.")
}

func errUnsupportedAlias() *Error {
	return refuse(400, "Unsupported.Alias", "Alias is not valid for this api.")
}

func errUnsupportedOrigin() *Error {
	return refuse(400, "Unsupported.Origin", "This key origin is not valid for this api.")
}

func errUnsupportedProtectionLevel() *Error {
	return refuse(400, "Unsupported.ProtectionLevel", "The specified protection level is not supported.")
}

func errKeyNotFound() *Error {
	return refuse(404, "Forbidden.KeyNotFound", "The specified Key is not found.")
}

func errKeyVersionNotFound() *Error {
	return refuse(404, "Forbidden.KeyVersionNotFound", "The specified Key Version is not found.")
}

func errAliasNotFound() *Error {
	return refuse(404, "Forbidden.AliasNotFound", "The specified Alias is not found.")
}

func errAliasExists() *Error {
	return refuse(400, "AliasAlreadyExists", "AliasName Already Exists.")
}

func errResourceNotFound() *Error {
	return refuse(404, "Forbidden.ResourceNotFound", "Resource not found.")
}

func errInstanceNotFound() *Error {
	return refuse(403, "Forbidden.DKMSInstanceNotFound", "The specified DKMS Instance is not found.")
}

func errInstanceState() *Error {
	return refuse(403, "Forbidden.DKMSInstanceStateInvalid", "The DKMS instance state is invalid.")
}

func errResourceExists() *Error {
	return refuse(409, "Rejected.ResourceExist", "The specified resource already exists.")
}

func errNoPermission(what string) *Error {
	return refuse(403, "Forbidden.NoPermission", "This operation for %q is forbidden by permission system.", what)
}

func errInvalidKeyMaterial() *Error {
	return refuse(400, "InvalidKeyMaterial", "The specified key material is not valid.")
}

func errInvalidImportToken() *Error {
	return refuse(400, "InvalidImportToken", "The specified import token is not valid.")
}

func errExpiredImportToken() *Error {
	return refuse(400, "ExpiredImportToken", "The specified import token is expired.")
}
