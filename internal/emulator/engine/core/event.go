package core

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// The events that time brings about, in the order in which those of one instant
// fire.
const (
	EventKeyRotated         = "1 key rotated"
	EventMaterialExpired    = "2 key material expired"
	EventKeyDeleted         = "3 key deleted"
	EventSecretRotated      = "4 secret rotated"
	EventSecretDeleted      = "5 secret deleted"
	eventImportTokenExpires = "6 import token expired"
	eventClientKeyExpires   = "7 client key expired"
)

// Fired is one event that took place.
type Fired struct {
	At       time.Time `json:"at"`
	Event    string    `json:"event"`    // key rotated, key material expired, key deleted, secret rotated, secret deleted, import token expired, client key expired
	Resource string    `json:"resource"` // the object's id or name
	Detail   string    `json:"detail,omitempty"`
	Account  string    `json:"account"`
	Region   string    `json:"region"`
}

// fireBatch is how many events share one commit; fireMost is how many one move of
// the clock may bring about.
const (
	fireBatch = 256
	fireMost  = 100_000
)

// due is an event's place in an index; the zero time has none.
func due(at time.Time, event string) []string {
	if at.IsZero() {
		return nil
	}
	return []string{sortable(at) + " " + event}
}

func parseDue(place string) (at time.Time, event string, err error) {
	const width = len("2006-01-02T15:04:05.000000000Z")
	if len(place) <= width {
		return at, "", fmt.Errorf("due event %q is malformed", place)
	}
	at, err = time.Parse("2006-01-02T15:04:05.000000000Z", place[:width])
	return at, place[width+1:], err
}

func keyDue(k *Key) []string {
	var places []string
	if k.Rotates() {
		places = append(places, due(k.NextRotation(), EventKeyRotated)...)
	}
	places = append(places, due(k.MaterialExpires, EventMaterialExpired)...)
	if k.State == StatePendingDeletion {
		places = append(places, due(k.DeleteAt, EventKeyDeleted)...)
	}
	return places
}

func secretDue(s *Secret) []string {
	if !s.DeleteAt.IsZero() {
		return due(s.DeleteAt, EventSecretDeleted)
	}
	if s.Rotate {
		return due(s.NextRotation, EventSecretRotated)
	}
	return nil
}

func tokenDue(t *ImportToken) []string {
	if t.Expired {
		return nil
	}
	return due(t.Expires, eventImportTokenExpires)
}

func clientKeyDue(k *ClientKey) []string {
	if k.Expired {
		return nil
	}
	return due(k.NotAfter, eventClientKeyExpires)
}

// nextDue finds the earliest event of all tables: its place and the record's key.
func (e *Engine) nextDue(tx *store.Tx) (place, key string, found bool) {
	t := &e.Table
	for _, first := range []func(*store.Tx, string) (string, string, bool){
		t.Keys.FirstIndex, t.Secrets.FirstIndex, t.ImportTokens.FirstIndex, t.ClientKeys.FirstIndex,
	} {
		if p, k, ok := first(tx, byDue); ok && (!found || p < place) {
			place, key, found = p, k, true
		}
	}
	return place, key, found
}

// dueCache remembers the earliest event of one version of the model, because
// every call asks for it.
type dueCache struct {
	version uint64
	place   string // "" = nothing is ever due
}

// isDue tells whether an event is due at or before an instant.
func (e *Engine) isDue(until time.Time) bool {
	version := e.Db.Version()
	cached := e.nextEvent.Load()
	if cached == nil || cached.version != version {
		cached = &dueCache{version: version}
		_ = e.Db.View(func(tx *store.Tx) error {
			cached.place, _, _ = e.nextDue(tx)
			return nil
		})
		e.nextEvent.Store(cached)
	}
	return cached.place != "" && cached.place <= sortable(until)+"~"
}

// fireNext makes the earliest event happen if it is due at or before until; nil
// means that none is.
func (e *Engine) fireNext(tx *store.Tx, until time.Time) (*Fired, error) {
	place, key, found := e.nextDue(tx)
	if !found {
		return nil, nil
	}
	at, event, err := parseDue(place)
	if err != nil || at.After(until) {
		return nil, err
	}
	f := &Fired{At: at, Event: event[2:]}
	switch event {
	default:
		err = e.reactions[event](e, tx, f, key, until)
	case eventImportTokenExpires:
		t, _ := e.Table.ImportTokens.Get(tx, key)
		t.Expired = true
		e.Table.ImportTokens.Put(tx, key, t)
		f.Account, f.Region, f.Resource = t.Account, t.Region, t.KeyID
	case eventClientKeyExpires:
		k, _ := e.Table.ClientKeys.Get(tx, key)
		k.Expired = true
		e.Table.ClientKeys.Put(tx, key, k)
		f.Account, f.Region, f.Resource = k.Account, k.Region, k.ID
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", f.Event, key, err)
	}
	return f, nil
}

// Reaction lets an event happen to the record at a place, and completes f. What
// happens before until may be taken together.
type Reaction func(e *Engine, tx *store.Tx, f *Fired, place string, until time.Time) error
