package core

import (
	"encoding/base64"
	"errors"
	"sync"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// cryptoState is what cryptography keeps in memory beside the store. Its zero
// value is ready.
type cryptoState struct {
	Parsed parsedKeys
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

func (p *parsedKeys) Get(spec string, v *KeyVersion) (crypt.Key, error) {
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

// PairTurn takes the instance's one turn to make a data key pair; done gives it
// back. KMS: one request at a time per instance.
func (s *cryptoState) PairTurn(instance string) (done func(), err error) {
	turn, _ := s.pairs.LoadOrStore(instance, &sync.Mutex{})
	mu := turn.(*sync.Mutex)
	if !mu.TryLock() {
		return nil, errPairBusy()
	}
	return mu.Unlock, nil
}

// OpenDoor refuses to use what lives in an instance while the instance is not
// connected, or through the shared gateway while its public access is off.
func (e *Engine) OpenDoor(tx *store.Tx, c *Call, account, region, instance string) error {
	if instance == "" {
		return nil
	}
	i, found := e.Table.Instances.Peek(tx, Scope(account, region, instance))
	if !found || i.Status != statusConnected {
		return Refuse(409, rejectedUnavailable, "The request was rejected because the key state is Unavailable.")
	}
	if c.Gateway == Public && !i.PublicAccess {
		return ErrUnsupportedOperation()
	}
	return nil
}

// DecodeParam decodes a required base64 parameter. Refusals: MissingParameter,
// InvalidParameter.
func DecodeParam(value *string, name string) ([]byte, error) {
	encoded, err := Required(name, value)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data) == 0 {
		return nil, ErrInvalidParameter(name)
	}
	return data, nil
}

func Base64Text(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// Rehearse turns an operation's outcome into DryRun's: never a success.
// KMS: DryRunOperationError would have passed, AccessDeniedError lacked
// permission, ValidationError anything else. Without DryRun the outcome stays.
func Rehearse[Out any](dryRun *string, out *Out, err error) (*Out, error) {
	switch Text(dryRun) {
	case "", "false":
		return out, ServiceError(err)
	case "true":
	default:
		return nil, ErrInvalidParameter("DryRun")
	}
	var refusal *Error
	switch {
	case err == nil:
		return nil, Refuse(undocumented.DryRunPassStatus, "DryRunOperationError", "The request would have succeeded, but the DryRun parameter is set.")
	case !errors.As(err, &refusal):
		return nil, ServiceError(err)
	case refusal.Code == "Forbidden.NoPermission":
		return nil, Refuse(undocumented.DryRunDenyStatus, "AccessDeniedError", "%s", refusal.Message)
	}
	return nil, Refuse(undocumented.DryRunRefuseStatus, "ValidationError", "%s", refusal.Message)
}

// Needed refuses an absent parameter in the instance gateway's words; an empty
// protobuf field is an absent one.
func Needed(name string, present bool) error {
	if !present {
		return Refuse(400, "MissingParameter", "Parameter %s does not exist in http header or body.", name)
	}
	return nil
}
