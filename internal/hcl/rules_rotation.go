package hcl

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// secret notes what is written about a secret's type. Left out, it is Generic for a secret that is made here, and
// whatever the service has for one that exists: the planner looks.
func (r *rules) secret(in *instance, body Body) {
	v, written := body.Attrs["type"]
	generic := written && v.IsKnown() && v.IsNull() || text(body, "type") == kind.SecretGeneric || !written && body.Blocks["generate"] != nil
	if generic {
		r.generic[in.addr] = true
	}
}

// secretRotation holds a policy's secrets to what KMS can rotate. A secret's name is known before the secret exists.
func (r *rules) secretRotation(b *block, in *instance, body Body) {
	at := body.Ranges["secrets"]
	names := body.Attrs["secrets"]
	if names == cty.NilVal || names.IsNull() || !names.IsKnown() || b.gateway == nil {
		return
	}
	for it := names.ElementIterator(); it.Next(); {
		_, name := it.Element()
		if !name.IsKnown() || name.IsNull() {
			continue
		}
		claimed := b.gateway.decl.place() + " " + name.AsString()
		if secret := r.names[kind.SecretNameUnique+" secret "+claimed]; r.generic[secret] {
			r.fail(at, kind.SecretRotates, "%s is a generic secret, and KMS rotates only secrets of a managed type. Take it out of %s; kmsplan secret put %s gives it another value.", secret, in.addr, secret)
		}
		r.claim(in, "secret "+claimed, "the secret "+name.AsString(), at)
	}
}
