package kms

import (
	"sync"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Aliases remembers which key each alias was resolved to. The clients of one
// gateway block share it, so that what one was told binds the other. The zero value is ready.
type Aliases struct {
	mu   sync.Mutex
	keys map[string]string
}

// Resolved remembers that an alias points to a key; "" forgets the alias.
func (a *Aliases) Resolved(alias, keyID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.keys == nil {
		a.keys = map[string]string{}
	}
	if a.keys[alias] = keyID; keyID == "" {
		delete(a.keys, alias)
	}
}

// Agrees holds an answer against what is remembered, or remembers it.
func (a *Aliases) Agrees(alias, keyID string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if was, known := a.keys[alias]; known {
		return was == keyID || safety.Off(safety.AliasTarget)
	}
	if a.keys == nil {
		a.keys = map[string]string{}
	}
	a.keys[alias] = keyID
	return true
}
