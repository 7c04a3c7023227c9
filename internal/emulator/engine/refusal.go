package engine

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

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

// Refusals whose code the service does not document: package undocumented.

// errDeletionProtected answers ScheduleKeyDeletion on a protected key.
func errDeletionProtected() *Error {
	return refuse(undocumented.DeletionProtectedStatus, undocumented.DeletionProtectedCode, "The specified resource is protected from deletion.")
}

// errPolicyName answers a PolicyName other than default.
func errPolicyName() *Error { return refuse(404, undocumented.PolicyNameCode, "Resource not found.") }

// errCertificates answers the certificate operations.
func errCertificates() *Error {
	return refuse(400, undocumented.CertificatesCode, "This action is not supported.")
}

// errTooLong answers a plaintext or additional data over the documented size.
func errTooLong(name string) *Error {
	return refuse(400, undocumented.PlaintextTooLongCode, "The specified parameter %q is not valid.", name)
}

// errPairBusy answers a data-key-pair request while another of the instance runs.
func errPairBusy() *Error {
	return refuse(429, undocumented.PairBusyCode, "Concurrency Limit Exceeded")
}

// errSecretInWindow answers operations on a secret in its recovery window. The
// sentence is the service's own for CreateSecret.
func errSecretInWindow() *Error {
	return refuse(409, undocumented.SecretInWindowCode, "The secret is planned to be deleted.")
}

// errDeleteSecretTwice is DeleteSecret's form of the refusal, spelling included.
// Force does not help: the documentation lists the refusal without exception.
func errDeleteSecretTwice() *Error {
	return refuse(409, undocumented.SecretInWindowCode, "secret in delete peroid")
}

// errSecretVersionDiffers answers PutSecretValue with a known version id and
// another value.
func errSecretVersionDiffers() *Error {
	return refuse(409, undocumented.SecretVersionDiffersCode, "The specified resource already exists.")
}

// errSecretKind answers operations that exist for generic secrets only on
// managed ones, and the other way round.
func errSecretKind() *Error {
	return refuse(400, undocumented.SecretKindCode, "This action is not supported.")
}
