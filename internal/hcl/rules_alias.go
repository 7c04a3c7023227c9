package hcl

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
)

// aliasUse is a block that makes an alias, or that uses one by its name.
type aliasUse struct {
	name string
	by   addr.Address
	b    *block
}

// aliasName is the alias that a key's name stands for: alias/NAME itself, or the end of its ARN
// acs:kms:REGION:ACCOUNT:alias/NAME; "" for an id and for the ARN of a key.
func aliasName(key string) string {
	if strings.HasPrefix(key, "acs:") {
		key = key[strings.LastIndex(key, ":")+1:]
	}
	if !strings.HasPrefix(key, "alias/") {
		return ""
	}
	return key
}

func (r *rules) makeAlias(b *block, in *instance, body Body) {
	if name := text(body, "name"); name != "" {
		r.aliases[name] = append(r.aliases[name], aliasUse{name, in.addr, b})
	}
}

func (r *rules) nameAlias(b *block, in *instance, body Body) {
	if name := aliasName(text(body, "key")); name != "" {
		r.named = append(r.named, aliasUse{name, in.addr, b})
	}
}

// orderByAliases puts a data block after the alias that it names without referring to it.
func (r *rules) orderByAliases() {
	for _, use := range r.named {
		for _, made := range r.aliases[use.name] {
			if !use.b.gatewayDecl().Elsewhere(made.b.gatewayDecl()) {
				use.b.after(use.by, made.by)
			}
		}
	}
}
