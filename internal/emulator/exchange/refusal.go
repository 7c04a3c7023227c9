package exchange

import (
	"fmt"
	"net/http"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// Window is how far a request's date may be from the server's time.
const Window = 15 * time.Minute

// Refuse is a refusal of the gateway's own.
func Refuse(status int, code, format string, args ...any) *engine.Error {
	return &engine.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrInternal is what a failure of the emulator itself looks like.
func ErrInternal() *engine.Error {
	return Refuse(http.StatusInternalServerError, "InternalFailure", "Internal Failure.")
}

// Clip bounds what of a foreign value goes into a message.
func Clip(s string) string {
	const limit = 64
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
