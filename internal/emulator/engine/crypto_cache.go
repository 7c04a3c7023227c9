package engine

import (
	"sync"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
)

// cryptoState is what cryptography keeps in memory beside the store. Its zero
// value is ready.
type cryptoState struct {
	parsed parsedKeys
	pairs  sync.Map // instance id → *sync.Mutex, held while a data key pair is made
}

// parsedKeyLimit bounds the keys that are kept parsed, in entries.
const parsedKeyLimit = 1 << 15

// parsedKeys remembers parsed key material: parsing an RSA key costs more than
// signing with it. An entry stands for one stored record, so that material which
// was deleted, imported again or restored from a snapshot is parsed anew.
type parsedKeys struct {
	entries sync.Map // version id → parsedKey
	count   atomic.Int64
}

type parsedKey struct {
	record *KeyVersion // immutable in the store; another record is another entry
	key    crypt.Key
}

func (p *parsedKeys) get(spec string, v *KeyVersion) (crypt.Key, error) {
	if kept, found := p.entries.Load(v.ID); found && kept.(parsedKey).record == v {
		return kept.(parsedKey).key, nil
	}
	key, err := crypt.Parse(spec, v.Material)
	if err != nil {
		return nil, err
	}
	if _, known := p.entries.Swap(v.ID, parsedKey{v, key}); !known && p.count.Add(1) > parsedKeyLimit {
		p.entries.Clear()
		p.count.Store(0)
	}
	return key, nil
}

// pairTurn takes the instance's one turn to make a data key pair; done gives it
// back. KMS: one request at a time per instance.
func (s *cryptoState) pairTurn(instance string) (done func(), err error) {
	turn, _ := s.pairs.LoadOrStore(instance, &sync.Mutex{})
	mu := turn.(*sync.Mutex)
	if !mu.TryLock() {
		return nil, errPairBusy()
	}
	return mu.Unlock, nil
}
