package kms

import (
	"context"
	"testing"
)

func TestMissingCredentialsAreAnErrorOfTheCall(t *testing.T) {
	g := serve(t, nil)
	p := g.public(t, func(c *PublicConfig) { c.Credentials = StaticCredentials("", Secret{}, Secret{}) })
	_, err := p.DescribeKey(context.Background(), "k")
	e := kmsError(t, err)
	if e.Code != CodeCredentials || e.Outcome != Definite || e.Attempts != 1 || IsNotFound(err) {
		t.Errorf("%+v", e)
	}
	if n := len(g.seen()); n != 0 {
		t.Error(n)
	}
}
