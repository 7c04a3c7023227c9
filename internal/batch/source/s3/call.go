package s3

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// attempts is how often a call is made in all.
const attempts = 6

// try makes a call until its answer is final. Each attempt ends by itself (stall).
func (s *Source) try(ctx context.Context, what string, call func(context.Context) error) error {
	pause := s.pause
	for n := 1; ; n++ {
		err := call(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || n == attempts || !passes(err) {
			return s.failure(ctx, what, err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return s.failure(ctx, what, err)
		}
		pause *= 2
	}
}

// passes reports whether another attempt may do better. A 409 says that another write was under way at the same time.
func passes(err error) bool {
	var listed errListed
	var broken errContent
	if errors.As(err, &listed) || errors.As(err, &broken) || errors.Is(err, source.ErrChanged) || errors.Is(err, source.ErrGone) || errors.Is(err, source.ErrRefused) {
		return false
	}
	switch status := minio.ToErrorResponse(err).StatusCode; status {
	case 0, http.StatusConflict, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return status >= 500 && status != http.StatusNotImplemented
	}
}

// errContent is an error of the content that was to be written.
type errContent struct{ error }

func (e errContent) Unwrap() error { return e.error }

// Error is what the store answered. What it wrote beside its code is left out.
type Error struct {
	What   string // what was tried, on which object
	Advice string
	Code   string
	Status int // of HTTP
	ID     string
	kind   error // one of package source's, or nil
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: the store answered %d %s", e.What, e.Status, e.Code)
	if e.kind != nil {
		text += ": " + e.kind.Error()
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

func (e *Error) Unwrap() error { return e.kind }

// Failed tells of the store's answer.
func (e *Error) Failed() (code string, status int, requestID string) { return e.Code, e.Status, e.ID }

// failure puts an error into words, and says which of package source's it is.
func (s *Source) failure(ctx context.Context, what string, err error) error {
	var listed errListed
	var told *Error
	if errors.As(err, &listed) {
		return listed.error
	}
	if errors.As(err, &told) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	answer := minio.ToErrorResponse(err)
	if answer.StatusCode == 0 {
		return fmt.Errorf("%s: %w", what, err)
	}
	e := &Error{What: what, Code: answer.Code, Status: answer.StatusCode, ID: answer.RequestID}
	switch {
	case answer.Code == minio.NoSuchBucket:
		e.Advice = "there is no such bucket; make it, or name another"
	case answer.Code == minio.NoSuchKey, answer.StatusCode == http.StatusNotFound && answer.Code != noSuchUpload:
		e.kind = source.ErrGone
	case answer.StatusCode == http.StatusPreconditionFailed:
		e.kind = source.ErrChanged
	case answer.Code == "InvalidObjectState":
		e.kind, e.Advice = source.ErrRefused, "it lies in an archive; restore it first, or leave it out with the filter"
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		e.Advice = "the credentials are missing or may not do this; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
	}
	return e
}

const noSuchUpload = "NoSuchUpload"
