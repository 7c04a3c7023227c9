package kms

import (
	"context"
	"errors"
)

// Credential is an AccessKey pair, with a security token when it is a session.
type Credential struct {
	AccessKeyID     string
	AccessKeySecret Secret
	SecurityToken   Secret // empty for a plain AccessKey
	Provider        string // where it came from, for example "env" or "cli_profile/ram_role_arn"
}

// Credentials supplies a credential for each call. Implementations refresh and
// cache by themselves, and are safe for concurrent use.
type Credentials interface {
	Credential(ctx context.Context) (Credential, error)
}

// StaticCredentials always supplies the same AccessKey, for example the
// emulator's. token may be empty.
func StaticCredentials(accessKeyID string, secret, token Secret) Credentials {
	return static{Credential{AccessKeyID: accessKeyID, AccessKeySecret: secret, SecurityToken: token, Provider: "static"}}
}

type static struct{ credential Credential }

func (s static) Credential(context.Context) (Credential, error) {
	if s.credential.AccessKeyID == "" || s.credential.AccessKeySecret.Empty() {
		return Credential{}, errors.New("the AccessKey id or secret is empty")
	}
	return s.credential, nil
}
