package core

import (
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// Error is a refusal in the service's own dialect. The gateways render it as
// JSON or protobuf; Status is the HTTP status of the answer.
type Error struct {
	Status  int    // HTTP status, 400–599
	Code    string // for example Forbidden.KeyNotFound
	Message string // the service's sentence; never holds request values that could be secret
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// Failure is an InternalFailure with its cause, for the operator's eyes. The
// gateways answer Service and log the rest.
type Failure struct{ Cause error }

func (f *Failure) Error() string { return f.Cause.Error() }

// Unwrap returns the cause and the refusal the caller sees.
func (f *Failure) Unwrap() []error { return []error{f.Cause, internalFailure()} }

func internalFailure() *Error {
	return Refuse(500, "InternalFailure", "Internal Failure.")
}

// ServiceError makes sure that errors.As(err, **Error) holds for every error a
// handler returns.
func ServiceError(err error) error {
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return &Failure{Cause: err}
}

// Refusals in the service's words. Every handler uses these, so that a code has
// one status and one sentence. (KMS: common error codes.)

func Refuse(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func ErrInvalidParameter(name string) *Error {
	return Refuse(400, "InvalidParameter", "The specified parameter %q is not valid.", name)
}

func ErrMissingParameter(name string) *Error {
	return Refuse(400, "MissingParameter", "The parameter %q is needed but not provided.", name)
}

func ErrLimitExceeded(what string) *Error {
	return Refuse(400, "Rejected.LimitExceeded", "The %s quota is exceeded.", what)
}

func ErrUnsupportedOperation() *Error {
	return Refuse(400, "UnsupportedOperation", "This action is not supported.")
}

// ErrRejectedOperation is the rotation operations' own form of the refusal.
func ErrRejectedOperation() *Error {
	return Refuse(400, "Rejected.UnsupportedOperation", "Unsupported operation.")
}

func errUnsupportedAlias() *Error {
	return Refuse(400, "Unsupported.Alias", "Alias is not valid for this api.")
}

func ErrUnsupportedOrigin() *Error {
	return Refuse(400, "Unsupported.Origin", "This key origin is not valid for this api.")
}

func ErrUnsupportedProtectionLevel() *Error {
	return Refuse(400, "Unsupported.ProtectionLevel", "The specified protection level is not supported.")
}

func ErrKeyNotFound() *Error {
	return Refuse(404, "Forbidden.KeyNotFound", "The specified Key is not found.")
}

func errKeyVersionNotFound() *Error {
	return Refuse(404, "Forbidden.KeyVersionNotFound", "The specified Key Version is not found.")
}

func ErrAliasNotFound() *Error {
	return Refuse(404, "Forbidden.AliasNotFound", "The specified Alias is not found.")
}

func ErrAliasExists() *Error {
	return Refuse(400, "AliasAlreadyExists", "AliasName Already Exists.")
}

func ErrResourceNotFound() *Error {
	return Refuse(404, "Forbidden.ResourceNotFound", "Resource not found.")
}

func ErrInstanceNotFound() *Error {
	return Refuse(undocumented.InstanceNotFoundStatus, "Forbidden.DKMSInstanceNotFound", "The specified DKMS Instance is not found.")
}

func ErrInstanceState() *Error {
	return Refuse(403, "Forbidden.DKMSInstanceStateInvalid", "The DKMS instance state is invalid.")
}

func ErrResourceExists() *Error {
	return Refuse(409, "Rejected.ResourceExist", "The specified resource already exists.")
}

func errNoPermission(what string) *Error {
	return Refuse(403, "Forbidden.NoPermission", "This operation for %q is forbidden by permission system.", what)
}

func ErrInvalidKeyMaterial() *Error {
	return Refuse(400, "InvalidKeyMaterial", "The specified key material is not valid.")
}

func ErrInvalidImportToken() *Error {
	return Refuse(400, "InvalidImportToken", "The specified import token is not valid.")
}

func ErrExpiredImportToken() *Error {
	return Refuse(400, "ExpiredImportToken", "The specified import token is expired.")
}

// Refusals whose code the service does not document: package undocumented.

// ErrDeletionProtected answers ScheduleKeyDeletion on a protected key.
func ErrDeletionProtected() *Error {
	return Refuse(undocumented.DeletionProtectedStatus, undocumented.DeletionProtectedCode, "The specified resource is protected from deletion.")
}

// ErrPolicyName answers a PolicyName other than default.
func ErrPolicyName() *Error { return Refuse(404, undocumented.PolicyNameCode, "Resource not found.") }

// ErrCertificates answers the certificate operations.
func ErrCertificates() *Error {
	return Refuse(400, undocumented.CertificatesCode, "This action is not supported.")
}

// ErrTooLong answers a plaintext or additional data over the documented size.
func ErrTooLong(name string) *Error {
	return Refuse(400, undocumented.PlaintextTooLongCode, "The specified parameter %q is not valid.", name)
}

// errPairBusy answers a data-key-pair request while another of the instance runs.
func errPairBusy() *Error {
	return Refuse(429, undocumented.PairBusyCode, "Concurrency Limit Exceeded")
}

// ErrSecretInWindow answers operations on a secret in its recovery window. The
// sentence is the service's own for CreateSecret.
func ErrSecretInWindow() *Error {
	return Refuse(409, undocumented.SecretInWindowCode, "The secret is planned to be deleted.")
}

// ErrDeleteSecretTwice is DeleteSecret's form of the refusal, spelling included.
// Force does not help: the documentation lists the refusal without exception.
func ErrDeleteSecretTwice() *Error {
	return Refuse(409, undocumented.SecretInWindowCode, "secret in delete peroid")
}

// ErrSecretVersionDiffers answers PutSecretValue with a known version id and
// another value.
func ErrSecretVersionDiffers() *Error {
	return Refuse(409, undocumented.SecretVersionDiffersCode, "The specified resource already exists.")
}

// ErrSecretKind answers operations that exist for generic secrets only on
// managed ones, and the other way round.
func ErrSecretKind() *Error {
	return Refuse(400, undocumented.SecretKindCode, "This action is not supported.")
}
