package kms

import (
	"errors"
	"time"
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
//	unknown host, TLS, bad parameter         definite    final        final
//	throttled                                definite    again        again
//	instance between two states              definite    again        again
//	lost: timeout of the attempt, reset, EOF ambiguous   again        final
//	5xx, answer that is not the gateway's    ambiguous   again        final
//	every other refusal                      definite    final        final
//	the caller's deadline, cancelled         either      final        final
func (e *Error) verdict() verdict {
	switch {
	case throttled(e), transient[e.Code]:
		return retryAlways
	case e.Code == CodeUnreachable && !unknownHost(e.Cause):
		return retryAlways
	case e.Code == CodeConnection && e.Outcome == Definite:
		return retryAlways
	case e.Code == CodeTimeout, e.Code == CodeConnection, e.Status >= 500:
		return retryIfHarmless
	case errors.Is(e.Cause, errTooLarge):
		return final
	case e.Code == CodeBadAnswer && e.Outcome == Ambiguous:
		return retryIfHarmless
	}
	return final
}

// throttlingCodes are the codes of KMS itself and of the gateway before it.
// "QPS Limit Exceeded" and "Concurrency Limit Exceeded" come with status 429
// and sometimes with other codes.
var throttlingCodes = map[string]bool{
	"Rejected.Throttling": true,
	"Throttling":          true,
	"Throttling.User":     true,
	"Throttling.Api":      true,
}

// transient are refusals that pass by themselves: the instance is being
// connected or upgraded.
var transient = map[string]bool{
	"Forbidden.DKMSInstanceStateInvalid": true,
	"Forbidden.KMSInstanceInUpgrade":     true,
}

// throttled reports a refusal for the rate. A 5xx with such a code is not
// believed: it may come from something between, after the call was carried out.
func throttled(e *Error) bool {
	return e.Status == 429 || throttlingCodes[e.Code] && e.Status < 500
}

// mayRetry applies the policy to an operation that failed.
func mayRetry(o *Operation, e *Error) bool {
	switch e.verdict() {
	case retryAlways:
		return true
	case retryIfHarmless:
		return o.Idempotent
	}
	return false
}

// withDefaults fills in the zero values.
func (c RetryConfig) withDefaults() RetryConfig {
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 6
	}
	if c.MaxElapsed == 0 {
		c.MaxElapsed = 60 * time.Second
	}
	if c.BaseDelay == 0 {
		c.BaseDelay = 200 * time.Millisecond
	}
	if c.MaxDelay == 0 {
		c.MaxDelay = 10 * time.Second
	}
	if c.Budget == 0 {
		c.Budget = 0.2
	}
	if c.Clock == nil {
		c.Clock = realClock{}
	}
	return c
}
