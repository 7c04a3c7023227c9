package core

import (
	"encoding/base64"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Credential finds an AccessKey or STS session by its AccessKey id. A session
// that has expired on the virtual clock is not found, as the service has it.
func (e *Engine) Credential(accessKeyID string) (Credential, bool) {
	var c Credential
	found := false
	_ = e.Db.View(func(tx *store.Tx) error {
		c, found = e.Table.Credentials.Get(tx, accessKeyID)
		return nil
	})
	if found && !c.Expires.IsZero() && !e.Now().Before(c.Expires) {
		return Credential{}, false
	}
	return c, found
}

// ClientKeyByID finds a client key, whichever account and region it belongs to.
// Whether it is valid at an instant, ValidAt tells.
func (e *Engine) ClientKeyByID(id string) (ClientKey, bool) {
	var k ClientKey
	found := false
	_ = e.Db.View(func(tx *store.Tx) error {
		for place := range e.Table.ClientKeys.ScanIndex(tx, ByID, id+"/", 0) {
			k, found = e.Table.ClientKeys.Get(tx, place)
			break
		}
		return nil
	})
	return k, found
}

// Session asks for an STS session.
type Session struct {
	Account   string        // "" = the bootstrap account
	Principal string        // RAM ARN; "" = an assumed role of the account
	Life      time.Duration // 0 = one hour
}

// CreateSTS makes a session credential, for tests and seeding: the emulator has
// no STS gateway.
func (e *Engine) CreateSTS(s Session) (Credential, error) {
	if s.Account == "" {
		s.Account = e.Opts.Account
	}
	if s.Principal == "" {
		s.Principal = "acs:ram::" + s.Account + ":assumed-role/kmsplan/session"
	}
	if s.Life == 0 {
		s.Life = time.Hour
	}
	c, err := e.NewCredential(s.Account, s.Principal)
	if err != nil {
		return Credential{}, fmt.Errorf("create an STS session: %w", err)
	}
	token, err := e.Random(96)
	if err != nil {
		return Credential{}, fmt.Errorf("create an STS session: %w", err)
	}
	c.AccessKeyID = "STS.N" + c.AccessKeyID[len("LTAI5"):]
	c.SecurityToken = base64.StdEncoding.EncodeToString(token)
	c.Expires = e.Now().Add(s.Life)
	return c, e.PutCredential(c)
}

// PutCredential stores an AccessKey or session.
func (e *Engine) PutCredential(c Credential) error {
	err := e.Db.Update(func(tx *store.Tx) error {
		e.Table.Credentials.Put(tx, c.AccessKeyID, c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("store the credential %s: %w", c.AccessKeyID, err)
	}
	return nil
}
