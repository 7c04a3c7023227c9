package public

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/kmstest"
)

func TestMissingCredentialsAreAnErrorOfTheCall(t *testing.T) {
	g := kmstest.Serve(t, nil)
	p := client(t, g, func(c *Config) { c.Credentials = kms.StaticCredentials("", kms.Secret{}, kms.Secret{}) })
	_, err := p.DescribeKey(context.Background(), "k")
	e := kmstest.KMSError(t, err)
	if e.Code != kms.CodeCredentials || e.Outcome != kms.Definite || e.Attempts != 1 || kms.IsNotFound(err) {
		t.Errorf("%+v", e)
	}
	if n := len(g.Seen()); n != 0 {
		t.Error(n)
	}
}
