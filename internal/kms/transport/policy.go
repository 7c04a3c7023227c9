package transport

import (
	"errors"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// verdict is what an error means for another attempt.
type verdict int

const (
	final           verdict = iota // another attempt would fail the same way
	retryAlways                    // nothing happened: every operation may try again
	retryIfHarmless                // it may have happened: idempotent operations may try again
)

// The retry policy, whole. An operation's idempotency stands in the table of
// operations; what an error means stands here; how long to wait stands in
// retry.go. Nothing else in kmsplan retries a call, and the SDKs' own retries
// are off.
//
//	error                                    outcome     idempotent   other
//	never sent: refused, unreachable         definite    again        again
//	never sent: no turn in a shared quota    definite    again        again
//	unknown host, TLS, bad parameter         definite    final        final
//	throttled                                definite    again        again
//	instance between two states              definite    again        again
//	lost: timeout of the attempt, reset, EOF ambiguous   again        final
//	5xx, answer that is not the gateway's    ambiguous   again        final
//	every other refusal                      definite    final        final
//	the caller's deadline, cancelled         either      final        final
func verdictOf(e *kms.Error) verdict {
	switch {
	case kms.IsThrottled(e), transient[e.Code]:
		return retryAlways
	case e.Code == kms.CodeNoTurn:
		return retryAlways
	case e.Code == kms.CodeUnreachable && !kms.IsUnknownHost(e.Cause):
		return retryAlways
	case e.Code == kms.CodeConnection && e.Outcome == kms.Definite:
		return retryAlways
	case e.Code == kms.CodeTimeout, e.Code == kms.CodeConnection, e.Status >= 500:
		return retryIfHarmless
	case errors.Is(e.Cause, errTooLarge):
		return final
	case e.Code == kms.CodeBadAnswer && e.Outcome == kms.Ambiguous:
		return retryIfHarmless
	}
	return final
}

// transient are refusals that pass by themselves: the instance is being
// connected or upgraded.
var transient = map[string]bool{
	"Forbidden.DKMSInstanceStateInvalid": true,
	"Forbidden.KMSInstanceInUpgrade":     true,
}

// mayRetry applies the policy to an operation that failed.
func mayRetry(o *kms.Operation, e *kms.Error) bool {
	switch verdictOf(e) {
	case retryAlways:
		return true
	case retryIfHarmless:
		return o.Idempotent || safety.Off(safety.NotRepeated)
	}
	return false
}
