package lint

import (
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

// nearly is how full a quota is when it is told of, in percent.
const nearly = 80

func quotaRules() []*Rule {
	return []*Rule{{
		ID: "KP015", Name: "near-quota", Severity: Note, Title: "Close to a quota of KMS",
		Why:    "At the quota the next create is refused, in the middle of an apply, also for other stacks of the same account and region.",
		Fix:    "Have the quota raised in time, or use another account or an instance.",
		Source: "KMS: product limits, 300 aliases and 200 default keys in an account and region",
		check: func(p *pass) {
			aliases, keys := map[*hcl.Gateway]int{}, map[*hcl.Gateway]int{}
			for _, in := range p.module.instances {
				switch {
				case in.block.Gateway == nil:
				case in.addr.Kind == "alias" && !in.addr.Data:
					aliases[in.block.Gateway]++
				case in.addr.Kind == "key" && !in.addr.Data && in.NoInstance:
					keys[in.block.Gateway]++
				}
			}
			for _, g := range p.Config.Gateways {
				p.nearQuota(g, aliases[g], kind.MostAliases, "aliases")
				p.nearQuota(g, keys[g], kind.MostDefaultKeys, "keys outside instances")
			}
		},
	}}
}

func (p *pass) nearQuota(g *hcl.Gateway, n, quota int, what string) {
	if n*100 > quota*nearly {
		p.report(g.Range, "gateway."+g.Name, "This module declares %d %s on gateway.%s, of %d that an account and region has.", n, what, g.Name, quota)
	}
}
