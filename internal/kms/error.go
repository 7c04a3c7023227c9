package kms

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Outcome says what is known about a call that failed.
type Outcome int

const (
	// Definite: the gateway refused the call, or the request never left this
	// machine. Nothing was carried out.
	Definite Outcome = iota
	// Ambiguous: the call may have been carried out. The answer was lost
	// (timeout, reset, EOF), or was a 5xx, or was not the gateway's.
	Ambiguous
)

// String returns "definite" or "ambiguous".
func (o Outcome) String() string {
	if o == Ambiguous {
		return "ambiguous"
	}
	return "definite"
}

// Codes of our own, beside those of the service, so that every Error has one.
const (
	CodeUnreachable   = "Kmsplan.Unreachable"    // no connection: name, route, refusal
	CodeTLS           = "Kmsplan.TLS"            // the server's certificate or handshake failed
	CodeTimeout       = "Kmsplan.Timeout"        // the deadline of the attempt or of the call passed
	CodeCanceled      = "Kmsplan.Canceled"       // the caller gave up
	CodeConnection    = "Kmsplan.ConnectionLost" // reset or EOF before the whole answer
	CodeOtherObject   = "Kmsplan.OtherObject"    // the answer is about another object than the one asked for
	CodeNotTrusted    = "Kmsplan.NotTrusted"     // not sent, because of an earlier CodeOtherObject
	CodeTooLate       = "Kmsplan.TooLate"        // not sent, because the time for it had passed (WithSendBy)
	CodeNoTurn        = "Kmsplan.NoTurn"         // not sent, because who shares out the quota gave no turn
	CodeBadAnswer     = "Kmsplan.BadAnswer"      // not the gateway's answer: HTML, truncated, too large
	CodeRedirect      = "Kmsplan.Redirect"       // a redirect, which is never followed
	CodeCredentials   = "Kmsplan.Credentials"    // no credentials could be had
	CodeUnsupported   = "Kmsplan.Unsupported"    // this gateway does not offer the operation
	CodeBadParameter  = "Kmsplan.BadParameter"   // refused before it was sent
	CodeUnknownOp     = "Kmsplan.UnknownOperation"
	CodeBadCiphertext = "Kmsplan.BadCiphertext" // a blob that no KMS gateway can have made
)

// Error is every failure of a call. Its text never holds a URL, a parameter
// that is marked secret, or a credential.
type Error struct {
	Gateway   string // "public", "dedicated" or "instance"; "" = the call came to none
	Endpoint  string // host and port
	Operation string // API name, for example DescribeKey
	Object    string // what the call was about: key id, alias or secret name; may be empty

	Code      string // the service's, or one of the Kmsplan.* codes
	Message   string // the service's, scrubbed
	Status    int    // HTTP status; 0 when there was no answer
	RequestID string // the service's; empty when there was no answer
	Outcome   Outcome

	Attempts   int           // how many requests were sent, 1 without retries
	RetryAfter time.Duration // what the service asked us to wait; 0 = nothing
	ClockSkew  time.Duration // server's clock minus ours, from the Date header; 0 = unknown
	Mutating   bool          // the operation changes something
	Cause      error         // network or TLS error below, never a *url.Error
}

// Error says what was attempted, what came back, and what to do next.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation)
	if e.Object != "" {
		b.WriteString(" " + e.Object)
	}
	if e.Gateway != "" { // it came as far as one
		fmt.Fprintf(&b, " on the %s gateway", e.Gateway)
	}
	if e.Endpoint != "" {
		b.WriteString(" " + e.Endpoint)
	}
	b.WriteString(": " + strings.TrimSuffix(e.text(), "."))
	fmt.Fprintf(&b, " (%s)", strings.Join(e.facts(), ", "))
	if hint := e.Hint(); hint != "" {
		b.WriteString(". " + hint)
	}
	return b.String()
}

// text is the service's message or, without one, the cause's.
func (e *Error) text() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Cause != nil:
		return e.Cause.Error()
	}
	return "no message"
}

func (e *Error) facts() []string {
	facts := []string{e.Code}
	if e.Status != 0 {
		facts = append(facts, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.RequestID != "" {
		facts = append(facts, "request "+e.RequestID)
	}
	if e.Attempts > 1 {
		facts = append(facts, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if e.Outcome == Ambiguous && e.Mutating {
		facts = append(facts, "it may have been carried out")
	}
	return facts
}

// Unwrap returns the network or TLS error below.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, errors.ErrUnsupported) true for an operation that
// the gateway does not offer.
func (e *Error) Is(target error) bool {
	return target == errors.ErrUnsupported && e.Code == CodeUnsupported
}

// OtherObject makes e the error for an answer about another object. After a call that changes
// something it may have been carried out, on whichever object.
func (e *Error) OtherObject(o *Operation, wrong string) *Error {
	e.Code, e.Message, e.Status = CodeOtherObject, "the answer is about another object: "+wrong, http.StatusOK
	if o.Mutating {
		e.Outcome, e.Mutating = Ambiguous, true
	}
	return e
}

// HasCode reports whether err is an *Error with one of the codes.
func HasCode(err error, codes ...string) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}

// IsNotFound reports whether the service said that the object does not exist.
// Only three codes mean that: other 404s, such as InvalidAccessKeyId.NotFound,
// are failures and say nothing about the object.
func IsNotFound(err error) bool {
	return HasCode(err, "Forbidden.KeyNotFound", "Forbidden.ResourceNotFound", "Forbidden.AliasNotFound") || err != nil && safety.Off(safety.AbsenceIsSaid)
}

// IsOtherObject reports whether the gateway answered about another object than the one asked
// for, or had done so before and was not asked again.
func IsOtherObject(err error) bool { return HasCode(err, CodeOtherObject, CodeNotTrusted) }

// IsAmbiguous reports whether the call may have been carried out.
func IsAmbiguous(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Outcome == Ambiguous
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

// IsThrottled reports whether the service refused the call for its rate. A 5xx with such a code is not
// believed: it may come from something between, after the call was carried out.
func IsThrottled(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusTooManyRequests || throttlingCodes[e.Code] && e.Status < 500)
}
