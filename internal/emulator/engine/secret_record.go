package engine

import (
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// place is the secret's key in the store.
func (s *Secret) place() string { return scope(s.Account, s.Region, s.Name) }

// arn is acs:kms:<region>:<uid>:secret/<name>.
func (s *Secret) arn() string { return arn(s.Region, s.Account, "secret/"+s.Name) }

func (e *Engine) putSecret(tx *store.Tx, s *Secret) { e.table.secrets.Put(tx, s.place(), *s) }

func secretVersionPlace(account, region, name, id string) string {
	return scope(account, region, name+"\x00"+id)
}

func (v *SecretVersion) place() string {
	return secretVersionPlace(v.Account, v.Region, v.Secret, v.ID)
}

func (e *Engine) putSecretVersion(tx *store.Tx, v *SecretVersion) {
	e.table.secretVersion.Put(tx, v.place(), *v)
}

// liveSecret is secretNamed for operations that a secret in its recovery window
// refuses.
func (e *Engine) liveSecret(tx *store.Tx, c *Call, op string, name *string) (*Secret, error) {
	s, err := e.secretNamed(tx, c, op, text(name))
	if err != nil {
		return nil, err
	}
	if !s.DeleteAt.IsZero() {
		return nil, errSecretInWindow()
	}
	return s, nil
}

// genericSecret is liveSecret for operations on generic secrets only.
func (e *Engine) genericSecret(tx *store.Tx, c *Call, op string, name *string) (*Secret, error) {
	s, err := e.liveSecret(tx, c, op, name)
	if err == nil && s.managed() {
		return nil, errSecretKind()
	}
	return s, err
}

// managedSecret is liveSecret for operations on managed secrets only.
func (e *Engine) managedSecret(tx *store.Tx, c *Call, op string, name *string) (*Secret, error) {
	s, err := e.liveSecret(tx, c, op, name)
	if err == nil && !s.managed() {
		return nil, errSecretKind()
	}
	return s, err
}

// secretKeyReady refuses when the secret's encryption key is gone or its state
// forbids the operation.
func (e *Engine) secretKeyReady(tx *store.Tx, s *Secret, op string) (*Key, error) {
	if s.EncryptionKeyID == "" {
		return nil, nil
	}
	k, found := e.table.keys.Peek(tx, scope(s.Account, s.Region, s.EncryptionKeyID))
	if !found {
		return nil, errKeyNotFound()
	}
	return k, requireState(op, k)
}
