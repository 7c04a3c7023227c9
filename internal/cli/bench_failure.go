package cli

import (
	"errors"
	"net/http"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/load"
)

// benchFailure says of which kind a failed call is: throttled, timeout, server, client, connection or other.
func benchFailure(err error) load.Failure {
	var e *kms.Error
	if !errors.As(err, &e) {
		return load.Failure{Kind: "other", Code: "other"}
	}
	kind := "client"
	switch {
	case kms.IsThrottled(e):
		kind = "throttled"
	case e.Code == kms.CodeTimeout:
		kind = "timeout"
	case e.Code == kms.CodeUnreachable, e.Code == kms.CodeTLS, e.Code == kms.CodeConnection:
		kind = "connection"
	case e.Status >= http.StatusInternalServerError, e.Code == kms.CodeBadAnswer, e.Code == kms.CodeOtherObject:
		kind = "server"
	}
	return load.Failure{Kind: kind, Code: e.Code}
}
