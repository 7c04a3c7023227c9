package hcl

import "kmsplan.dev/kmsplan/internal/kind"

// dataKey wants a data block's key to be able to wrap data keys, where the block's gateway reaches it.
func (r *rules) dataKey(b *block, body Body, came origins) {
	at := body.Ranges["key"]
	for _, key := range came["key"] {
		f := r.keys[key]
		spec, known := kind.LookupSpec(f.spec)
		if (known && !spec.Symmetric) || f.usage == kind.UsageSign {
			r.fail(at, kind.FileKeyWraps, "%s is %s, and files are encrypted under symmetric keys. Name another key in %s.", key, described(f), b.addr)
		}
		switch g := b.gatewayDecl(); {
		case g == nil || g.Instance == nil && g.Emulator == nil:
		case f.noInstance:
			r.fail(at, kind.FileKeyInstance, "%s is in no KMS instance, and gateway.%s encrypts through its instance, which knows its own keys only. Name another key in %s, or a gateway without an instance.", key, g.Name, b.addr)
		case g.Instance != nil && f.instance != "" && f.instance != g.Instance.ID:
			r.fail(at, kind.FileKeyInstance, "%s is in the instance %s, and gateway.%s encrypts through %s, which knows its own keys only. Name another key in %s, or another gateway.", key, f.instance, g.Name, g.Instance.ID, b.addr)
		}
	}
}

func described(f keyFacts) string {
	if f.usage == kind.UsageSign {
		return "for signing"
	}
	return "of the asymmetric spec " + f.spec
}
