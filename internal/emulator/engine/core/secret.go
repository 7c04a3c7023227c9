package core

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Place is the secret's key in the store.
func (s *Secret) Place() string { return Scope(s.Account, s.Region, s.Name) }

// Arn is acs:kms:<region>:<uid>:secret/<name>.
func (s *Secret) Arn() string { return Arn(s.Region, s.Account, "secret/"+s.Name) }

func SecretVersionPlace(account, region, name, id string) string {
	return Scope(account, region, name+"\x00"+id)
}

func (v *SecretVersion) Place() string {
	return SecretVersionPlace(v.Account, v.Region, v.Secret, v.ID)
}

// SecretNamed finds a secret by name or ARN for an operation that is not about
// its value; the copy is private. Refusals: MissingParameter,
// Forbidden.ResourceNotFound, Forbidden.NoPermission.
func (e *Engine) SecretNamed(tx *store.Tx, c *Call, op, name string) (*Secret, error) {
	if name == "" {
		return nil, ErrMissingParameter("SecretName")
	}
	account, region := c.Account, c.Region
	if r, owner, path, isARN := ParseARN(name); isARN {
		region, account, name = r, owner, strings.TrimPrefix(path, "secret/")
	}
	s, found := e.Table.Secrets.Get(tx, Scope(account, region, name))
	if !found || region != c.Region {
		return nil, ErrResourceNotFound()
	}
	return &s, e.Authorize(tx, c, op, secretResource(&s))
}
