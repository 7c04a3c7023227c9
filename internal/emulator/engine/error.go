package engine

import "fmt"

// Error is a refusal in the service's own dialect. The gateways render it as
// JSON or protobuf; Status is the HTTP status of the answer.
type Error struct {
	Status  int    // HTTP status, 400–599
	Code    string // for example Forbidden.KeyNotFound
	Message string // the service's sentence; never holds request values that could be secret
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }
