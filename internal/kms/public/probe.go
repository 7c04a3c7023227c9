package public

import (
	"context"
	"time"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
)

// Probe makes one harmless call and reports what is known. It never fails as a
// whole; what went wrong stands in Facts.Err.
func (p *Client) Probe(ctx context.Context) transport.Facts {
	f := p.exchange.Facts(p.gateway)
	credential, err := p.credentials.Credential(ctx)
	if err != nil {
		e := p.newError("Probe", nil)
		e.Code, e.Message = kms.CodeCredentials, "no credentials: "+err.Error()
		f.Err = e
		return f
	}
	f.CredentialProvider, f.AccessKeyID = credential.Provider, maskID(credential.AccessKeyID)
	operation, params := "DescribeRegions", map[string]any(nil)
	if p.gateway == kms.GatewayDedicated { // it has no operation that needs nothing
		operation, params = "GetPublicKey", map[string]any{"KeyId": "kmsplan-doctor", "KeyVersionId": "kmsplan-doctor"}
	}
	o, sending, e := p.prepare(operation, params)
	if e != nil {
		f.Err = e
		return f
	}
	started := time.Now()
	a, e := p.attempt(ctx, o, params, kms.AskedIn(params, nil), sending)
	f.Answered(time.Since(started), a, e)
	return f
}

// maskID shows enough of an AccessKey id to recognise it.
func maskID(id string) string {
	if len(id) <= 8 {
		return id
	}
	return id[:4] + "…" + id[len(id)-4:]
}
