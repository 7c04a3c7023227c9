package hcl

import (
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/kind"
)

// quotas are KMS's per account and region, unless they were raised (KMS: product limits).
var quotas = map[string]struct {
	what string
	most int
}{
	kind.AliasQuota:      {"aliases", kind.MostAliases},
	kind.DefaultKeyQuota: {"keys outside an instance", kind.MostDefaultKeys},
}

// quota counts what one gateway's account and region will hold.
type quota struct {
	rule    string
	gateway string
	n       int
	last    hclv2.Range
}

// count adds one object to a quota. Emulators have their own.
func (r *rules) count(b *block, counts bool, rule string) {
	g := b.gatewayDecl()
	if !counts || g == nil || g.Emulator != nil {
		return
	}
	key := g.Name + " " + rule
	if r.counts[key] == nil {
		r.counts[key] = &quota{rule: rule, gateway: g.Name}
	}
	r.counts[key].n++
	r.counts[key].last = b.rng
}

func (r *rules) quotas() hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	for _, key := range slices.Sorted(maps.Keys(r.counts)) {
		q := r.counts[key]
		if most := quotas[q.rule]; q.n > most.most {
			diags = append(diags, breach(kind.RuleOf(q.rule), q.last, "This declares %d %s in gateway.%s, and KMS allows %d per account and region unless the quota was raised. Raise it before apply.", q.n, most.what, q.gateway, most.most))
		}
	}
	return diags
}

// sameGateway wants a block to be where the keys it refers to are.
func (r *rules) sameGateway(b *block, body Body, came origins) {
	for _, name := range slices.Sorted(maps.Keys(came)) {
		for _, key := range came[name] {
			if f, ok := r.keys[key]; ok && f.gateway.Elsewhere(b.gatewayDecl()) {
				r.fail(body.Ranges[name], kind.KeyOnGateway, "%s lives in gateway.%s and %s in gateway.%s, where KMS does not know that key. Set gateway = gateway.%s, or name another key.",
					key, f.gateway.Name, b.addr, b.gatewayDecl().Name, f.gateway.Name)
			}
		}
	}
}

func (b *block) gatewayDecl() *Gateway {
	if b.gateway == nil {
		return nil
	}
	return b.gateway.decl
}

// manageable reports a managed block on a gateway that has key operations only.
func (b *block) manageable() hclv2.Diagnostics {
	g := b.gatewayDecl()
	if b.kind.File() || b.kind.Batch() || g == nil || g.Public != nil || g.Emulator != nil || g.Instance == nil {
		return nil
	}
	return hclv2.Diagnostics{breach(kind.RuleOf(kind.GatewayManages), b.rng,
		"%s lives in gateway.%s, which has an instance block for key operations only. Add public {} to that gateway, or set gateway = gateway.NAME to one that has it.", b.addr, g.Name)}
}
