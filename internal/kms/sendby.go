package kms

import (
	"context"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

type sendByKey struct{}

// WithSendBy returns a context in which no attempt of a call that changes something starts
// after t. What an attempt had left open before stays open; without one the error is definite and has
// CodeTooLate.
func WithSendBy(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, sendByKey{}, t)
}

// TooLate goes by both clocks: the monotonic one stands still while a machine sleeps.
func TooLate(ctx context.Context, o *Operation) bool {
	by, ok := ctx.Value(sendByKey{}).(time.Time)
	if !ok || !o.Mutating || safety.Off(safety.SendBy) {
		return false
	}
	now := time.Now()
	return now.After(by) || now.Round(0).After(by.Round(0))
}
