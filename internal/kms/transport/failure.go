package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Failures of the exchange itself.
var (
	errTooLarge  = errors.New("the answer is larger than 1 MiB")
	errMalformed = errors.New("the answer is not HTTP")
	errLost      = errors.New("the connection failed")
)

// Fail turns a failure of roundTrip into e's code, outcome and a cause that is safe
// to print. ctx is the caller's context: when it is done, that is the reason.
func Fail(ctx context.Context, e *kms.Error, sent bool, err error) *kms.Error {
	e.Code, e.Cause = FailureCode(ctx, sent, err), safeCause(err)
	if e.Code == kms.CodeCanceled || e.Code == kms.CodeTimeout {
		e.Message = "no answer in time"
		if e.Code == kms.CodeCanceled {
			e.Message = "cancelled while waiting for the answer"
		}
	}
	if sent && !safety.Off(safety.SentIsUnknown) {
		e.Outcome = kms.Ambiguous
	}
	return e
}

func FailureCode(ctx context.Context, sent bool, err error) string {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return kms.CodeCanceled
	case isTimeout(err):
		if sent {
			return kms.CodeTimeout
		}
		return connectTimeoutCode(ctx)
	case errors.Is(err, errTooLarge), isMalformed(err):
		return kms.CodeBadAnswer
	case isTLS(err):
		return kms.CodeTLS
	case !sent && isDial(err):
		return kms.CodeUnreachable
	}
	return kms.CodeConnection
}

// connectTimeoutCode: no connection in time is a matter of the network, unless
// the caller's own deadline had passed.
func connectTimeoutCode(ctx context.Context) string {
	if ctx.Err() != nil {
		return kms.CodeTimeout
	}
	return kms.CodeUnreachable
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// isMalformed finds net/http's complaints about an answer's framing, which have
// no type of their own.
func isMalformed(err error) bool {
	text := err.Error()
	return strings.Contains(text, "malformed") || strings.Contains(text, "headers exceeded") ||
		strings.Contains(text, "bad Content-Length") || strings.Contains(text, "unsupported transfer encoding")
}

func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
		alert        tls.AlertError
	)
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &host) ||
		errors.As(err, &invalid) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.Is(err, http.ErrSchemeMismatch) || strings.Contains(err.Error(), "tls: ")
}

// safeCause keeps errors whose text comes from this machine, and replaces those
// that may quote the other side.
func safeCause(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	var (
		op    *net.OpError
		dns   *net.DNSError
		errno syscall.Errno
	)
	switch {
	case isMalformed(err):
		return errMalformed
	case errors.As(err, &op), errors.As(err, &dns), errors.As(err, &errno), isTLS(err),
		errors.Is(err, errTooLarge),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	return errLost
}
