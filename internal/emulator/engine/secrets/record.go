package secrets

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func putSecret(e *core.Engine, tx *store.Tx, s *core.Secret) { e.Table.Secrets.Put(tx, s.Place(), *s) }

func putSecretVersion(e *core.Engine, tx *store.Tx, v *core.SecretVersion) {
	e.Table.SecretVersion.Put(tx, v.Place(), *v)
}

// liveSecret is secretNamed for operations that a secret in its recovery window
// refuses.
func liveSecret(e *core.Engine, tx *store.Tx, c *core.Call, op string, name *string) (*core.Secret, error) {
	s, err := e.SecretNamed(tx, c, op, core.Text(name))
	if err != nil {
		return nil, err
	}
	if !s.DeleteAt.IsZero() {
		return nil, core.ErrSecretInWindow()
	}
	return s, nil
}

// genericSecret is liveSecret for operations on generic secrets only.
func genericSecret(e *core.Engine, tx *store.Tx, c *core.Call, op string, name *string) (*core.Secret, error) {
	s, err := liveSecret(e, tx, c, op, name)
	if err == nil && managed(s) {
		return nil, core.ErrSecretKind()
	}
	return s, err
}

// managedSecret is liveSecret for operations on managed secrets only.
func managedSecret(e *core.Engine, tx *store.Tx, c *core.Call, op string, name *string) (*core.Secret, error) {
	s, err := liveSecret(e, tx, c, op, name)
	if err == nil && !managed(s) {
		return nil, core.ErrSecretKind()
	}
	return s, err
}

// secretKeyReady refuses when the secret's encryption key is gone or its state
// forbids the operation.
func secretKeyReady(e *core.Engine, tx *store.Tx, s *core.Secret, op string) (*core.Key, error) {
	if s.EncryptionKeyID == "" {
		return nil, nil
	}
	k, found := e.Table.Keys.Peek(tx, core.Scope(s.Account, s.Region, s.EncryptionKeyID))
	if !found {
		return nil, core.ErrKeyNotFound()
	}
	return k, core.RequireState(op, k)
}
