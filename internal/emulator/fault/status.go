package fault

import "strings"

// statuses are the HTTP statuses of codes that a reject may name alone.
var statuses = map[string]int{
	"InternalFailure":             500,
	"ServiceUnavailableTemporary": 503,
	"Rejected.Throttling":         429,
	"Throttling":                  400,
	"Throttling.User":             400,
	"Throttling.Api":              400,
	"Forbidden.NoPermission":      403,
	"Forbidden.KeyNotFound":       404,
	"Forbidden.AliasNotFound":     404,
	"Forbidden.ResourceNotFound":  404,
	"InvalidAccessKeyId.NotFound": 404,
	"Rejected.LimitExceeded":      400,
	"InvalidParameter":            400,
}

// statusOf guesses the status of a code that is not in the table by its family.
func statusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	switch {
	case strings.HasPrefix(code, "Forbidden."):
		return 403
	case strings.HasPrefix(code, "Rejected."):
		return 409
	default:
		return 400
	}
}
