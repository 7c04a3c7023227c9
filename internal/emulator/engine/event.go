package engine

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// The events that time brings about, in the order in which those of one instant
// fire.
const (
	eventKeyRotated         = "1 key rotated"
	eventMaterialExpired    = "2 key material expired"
	eventKeyDeleted         = "3 key deleted"
	eventSecretRotated      = "4 secret rotated"
	eventSecretDeleted      = "5 secret deleted"
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
	if k.rotates() {
		places = append(places, due(k.nextRotation(), eventKeyRotated)...)
	}
	places = append(places, due(k.MaterialExpires, eventMaterialExpired)...)
	if k.State == statePendingDeletion {
		places = append(places, due(k.DeleteAt, eventKeyDeleted)...)
	}
	return places
}

func secretDue(s *Secret) []string {
	if !s.DeleteAt.IsZero() {
		return due(s.DeleteAt, eventSecretDeleted)
	}
	if s.Rotate {
		return due(s.NextRotation, eventSecretRotated)
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
	t := &e.table
	for _, first := range []func(*store.Tx, string) (string, string, bool){
		t.keys.FirstIndex, t.secrets.FirstIndex, t.importTokens.FirstIndex, t.clientKeys.FirstIndex,
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
	version := e.db.Version()
	cached := e.nextEvent.Load()
	if cached == nil || cached.version != version {
		cached = &dueCache{version: version}
		_ = e.db.View(func(tx *store.Tx) error {
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
	case eventKeyRotated, eventMaterialExpired, eventKeyDeleted:
		err = e.fireKey(tx, f, event, key, until)
	case eventSecretRotated, eventSecretDeleted:
		err = e.fireSecret(tx, f, event, key)
	case eventImportTokenExpires:
		t, _ := e.table.importTokens.Get(tx, key)
		t.Expired = true
		e.table.importTokens.Put(tx, key, t)
		f.Account, f.Region, f.Resource = t.Account, t.Region, t.KeyID
	case eventClientKeyExpires:
		k, _ := e.table.clientKeys.Get(tx, key)
		k.Expired = true
		e.table.clientKeys.Put(tx, key, k)
		f.Account, f.Region, f.Resource = k.Account, k.Region, k.ID
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", f.Event, key, err)
	}
	return f, nil
}

func (e *Engine) fireKey(tx *store.Tx, f *Fired, event, place string, until time.Time) error {
	k, _ := e.table.keys.Get(tx, place)
	f.Account, f.Region, f.Resource = k.Account, k.Region, k.ID
	switch event {
	case eventKeyRotated:
		return e.fireRotation(tx, f, &k, until)
	case eventMaterialExpired:
		return e.dropMaterial(tx, &k)
	default:
		return e.deleteKey(tx, &k)
	}
}

// fireRotation rotates the key, or, where the version quota is used up, skips all
// its turns up to until, so that time goes on.
func (e *Engine) fireRotation(tx *store.Tx, f *Fired, k *Key, until time.Time) error {
	if err := e.versionQuota(tx, k); err != nil {
		missed := until.Sub(f.At) / k.RotateEvery
		k.LastRotation = f.At.Add(missed * k.RotateEvery)
		f.Detail = "skipped: " + err.Error()
		e.putKey(tx, k)
		return nil
	}
	v, err := e.addVersion(tx, k, f.At)
	if err != nil {
		return err
	}
	f.Detail = v.ID
	e.putKey(tx, k)
	return nil
}

func (e *Engine) fireSecret(tx *store.Tx, f *Fired, event, place string) error {
	s, _ := e.table.secrets.Get(tx, place)
	f.Account, f.Region, f.Resource = s.Account, s.Region, s.Name
	if event == eventSecretDeleted {
		return e.deleteSecretDue(tx, &s, f.At)
	}
	if err := e.rotateSecretDue(tx, &s, f.At); err != nil {
		return err
	}
	// Time must go on even if the rotation left its own date behind.
	if s, found := e.table.secrets.Get(tx, place); found && s.Rotate && !s.NextRotation.After(f.At) {
		s.NextRotation = f.At.Add(max(s.RotateEvery, time.Hour))
		e.table.secrets.Put(tx, place, s)
	}
	return nil
}
