package engine

import (
	"errors"

	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// rehearse turns an operation's outcome into DryRun's: never a success.
// KMS: DryRunOperationError would have passed, AccessDeniedError lacked
// permission, ValidationError anything else. Without DryRun the outcome stays.
func rehearse[Out any](dryRun *string, out *Out, err error) (*Out, error) {
	switch text(dryRun) {
	case "", "false":
		return out, serviceError(err)
	case "true":
	default:
		return nil, errInvalidParameter("DryRun")
	}
	var refusal *Error
	switch {
	case err == nil:
		return nil, refuse(undocumented.DryRunPassStatus, "DryRunOperationError", "The request would have succeeded, but the DryRun parameter is set.")
	case !errors.As(err, &refusal):
		return nil, serviceError(err)
	case refusal.Code == "Forbidden.NoPermission":
		return nil, refuse(undocumented.DryRunDenyStatus, "AccessDeniedError", "%s", refusal.Message)
	}
	return nil, refuse(undocumented.DryRunRefuseStatus, "ValidationError", "%s", refusal.Message)
}
