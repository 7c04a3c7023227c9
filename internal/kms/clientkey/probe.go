package clientkey

import (
	"context"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

// Probe makes one harmless call and reports what is known, as the public gateway's client does.
func (c *Client) Probe(ctx context.Context) transport.Facts {
	f := c.exchange.Facts(kms.GatewayInstance)
	f.ClientKeyID, f.ClientKeyNotAfter = c.key.KeyID, c.key.NotAfter()
	o := c.operations["GetPublicKey"]
	in, out := messages(o.Name)
	_, err := fillMessage(o, map[string]any{"KeyId": "kmsplan-doctor"}, in)
	if err != nil {
		f.Err = err
		return f
	}
	body := marshal(in)
	started := time.Now()
	a, e := c.attempt(ctx, o, "", "", dkms.HashBody(body), body)
	if e == nil {
		e = c.read(o, "", a, in, out)
	}
	f.Answered(time.Since(started), a, e)
	return f
}
