package work

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// stage is where an object's work failed.
type stage struct {
	class batch.Class
	what  string
	err   error
}

func (s stage) Error() string { return s.what + ": " + s.err.Error() }
func (s stage) Unwrap() error { return s.err }

// of says where an error comes from; nil stays nil.
func of(class batch.Class, what string, err error) error {
	if err == nil {
		return nil
	}
	return stage{class, what, err}
}

// everybodys reports whether every other object would meet the same: KMS does not answer or not this caller, or the target's key cannot
// be used.
func everybodys(err error) bool {
	var e *kms.Error
	if !errors.As(err, &e) {
		return errors.Is(err, context.DeadlineExceeded) && isStage(err, batch.ClassKMS)
	}
	if !strings.HasSuffix(e.Operation, "Decrypt") {
		return true
	}
	if kms.IsOtherObject(err) {
		return false // its header named another key than its wrap is under
	}
	return kms.IsThrottled(err) || e.Status < 400 || e.Status >= 500 || e.Status == http.StatusUnauthorized
}

func isStage(err error, class batch.Class) bool {
	var s stage
	return errors.As(err, &s) && s.class == class
}

// passes reports whether another try may do better.
func passes(err error) bool {
	switch {
	case errors.Is(err, errUnproved), errors.Is(err, source.ErrRefused):
		return false
	case errors.Is(err, source.ErrChanged):
		return true
	}
	return isStage(err, batch.ClassStore)
}

// failure is the row of an object that failed.
func (w *Worker) failure(chunk int, e batch.Entry, err error, attempts int) batch.Failure {
	f := batch.Failure{Chunk: chunk, Object: e.Name, Revision: e.Revision, Class: classOf(err), Attempts: attempts, Message: err.Error(), At: w.now()}
	var k *kms.Error
	if errors.As(err, &k) {
		f.Code, f.Status, f.RequestID = k.Code, k.Status, k.RequestID
	}
	var s statusError
	if errors.As(err, &s) {
		f.Code, f.Status, f.RequestID = s.Failed()
	}
	return f
}

// statusError is an error of a store that knows what its service said.
type statusError interface {
	error
	Failed() (code string, status int, requestID string)
}

func classOf(err error) batch.Class {
	var k *kms.Error
	switch {
	case errors.Is(err, errUnproved):
		return batch.ClassUnproved
	case errors.Is(err, source.ErrChanged):
		return batch.ClassChanged
	case errors.Is(err, envelope.ErrNotEnvelope):
		return batch.ClassNoObject
	case errors.Is(err, keys.ErrMisnamed):
		return batch.ClassDamaged
	case errors.As(err, &k):
		return batch.ClassKey
	case errors.Is(err, document.ErrChanged), errors.Is(err, envelope.ErrTruncated), errors.As(err, new(*envelope.CorruptError)):
		return batch.ClassDamaged
	}
	var s stage
	if errors.As(err, &s) {
		return s.class
	}
	return batch.ClassStore
}

// errPlain says that an object is no envelope although the batch works on envelopes.
func errPlain(err error) error {
	return of(batch.ClassNoObject, "read the header", fmt.Errorf("%w: if it should be one, encrypt it; if not, leave it out with filter { path }", err))
}
