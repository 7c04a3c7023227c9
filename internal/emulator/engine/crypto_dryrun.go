package engine

import "errors"

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
		return nil, refuse(dryRunPassStatus, "DryRunOperationError", "The request would have succeeded, but the DryRun parameter is set.")
	case !errors.As(err, &refusal):
		return nil, serviceError(err)
	case refusal.Code == "Forbidden.NoPermission":
		return nil, refuse(dryRunDenyStatus, "AccessDeniedError", "%s", refusal.Message)
	}
	return nil, refuse(dryRunRefuseStatus, "ValidationError", "%s", refusal.Message)
}
