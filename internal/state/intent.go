package state

import (
	"time"

	"github.com/google/uuid"
)

// Intent says that a mutating call is about to be made. It is appended to the
// journal and synced before the call.
type Intent struct {
	ID        string            `json:"id"`      // unique per call
	Address   string            `json:"address"` // the object's address
	Kind      string            `json:"kind"`
	Gateway   string            `json:"gateway,omitempty"` // gateway block's name, filled in by apply
	Operation string            `json:"operation"`         // API name
	ObjectID  string            `json:"object_id,omitempty"`
	Token     string            `json:"token"` // the change's UUIDv7, carried by created objects as the kmsplan:intent tag
	Detail    map[string]string `json:"detail,omitempty"`
	At        time.Time         `json:"at"`
	// SendBy is the time after which the call does not start any more; zero in journals of versions that
	// knew no such time.
	SendBy time.Time `json:"send_by,omitzero"`
}

// Result closes an intent. An ambiguous result leaves it open: the call may have
// been carried out.
type Result struct {
	ObjectID  string `json:"object_id,omitempty"`
	Ambiguous bool   `json:"ambiguous,omitempty"`
	Error     string `json:"error,omitempty"` // redacted text, "" for success
}

// NewIntent builds an intent with a fresh id.
func NewIntent(address, kind, operation, objectID, token string, detail map[string]string, at time.Time) Intent {
	return Intent{
		ID: uuid.Must(uuid.NewV7()).String(), Address: address, Kind: kind, Operation: operation,
		ObjectID: objectID, Token: token, Detail: detail, At: at.UTC(),
	}
}
