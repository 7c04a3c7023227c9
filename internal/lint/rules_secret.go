package lint

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

func secretRules() []*Rule {
	return []*Rule{
		{
			ID: "KP009", Name: "secret-key", Severity: Warning, Title: "Secret under no key of its own",
			Why:    "Without `encryption_key` the service chooses the key: neither its policy nor its rotation nor its deletion is yours, and it cannot be changed later.",
			Fix:    "Write `encryption_key = key.NAME.id`, a symmetric key of the same instance.",
			Source: "KMS: CreateSecret, EncryptionKeyId",
			check: func(p *pass) {
				for _, s := range p.module.of("secret") {
					if s.unset("encryption_key") {
						p.about(s, "encryption_key", "%s names no key that encrypts it.", s.addr.Block())
					}
				}
			},
		},
		{
			ID: "KP010", Name: "secret-literal", Severity: Error, Title: "Secret value written out",
			Why:    "The value stands in the configuration, for everyone who can read the repository, now and in its history.",
			Fix:    "Take it from a variable with `sensitive = true` and `ephemeral = true`, or let `generate { }` make it. Change the value: it is known.",
			Source: "docs/language.md, Secrets in a configuration",
			check:  func(p *pass) { p.warned(kind.SecretNotWritten, "The value of %s is a text in this file.") },
		},
		{
			ID: "KP036", Name: "secret-rotation", Severity: Warning, Title: "Managed secret that nothing rotates",
			Why: "The value of a managed secret (`Rds`, `Redis`, `RAMCredentials`, `ECS`, `PolarDB`) is a credential that the service can change by itself; one that never changes " +
				"is one that leaked long ago. Generic secrets are exempt: KMS cannot rotate them.",
			Fix:    "Name the secret in `secrets` of a `rotation_policy`: `secrets = [secret.NAME.name]`, every `6h` to `8760h`.",
			Source: "KMS: UpdateSecretRotationPolicy",
			check: func(p *pass) {
				for _, s := range p.module.of("secret") {
					if name, _ := s.String("type"); name != "" && name != kind.SecretGeneric && !p.module.usedBy(s.addr, "rotation_policy") && !s.setsRotation() {
						p.about(s, "type", "%s is of type %s, and nothing here rotates it.", s.addr.Block(), name)
					}
				}
			},
		},
	}
}

// setsRotation reports whether a secret says itself how it rotates.
func (in *instance) setsRotation() bool {
	return in.True("automatic_rotation") || in.Set("rotation_interval") || in.Blocks["rotation"] != nil
}

// warned makes findings of what loading warned of under a rule of package kind. The message takes the block's address.
func (p *pass) warned(rule, message string) {
	for _, d := range p.Warnings {
		broken, ok := d.Extra.(hcl.RuleBroken)
		if !ok || broken.ID != rule || d.Subject == nil {
			continue
		}
		address := ""
		if i := slices.IndexFunc(p.Config.Blocks, func(b *hcl.Block) bool { return b.Range == *d.Subject }); i >= 0 {
			address = p.Config.Blocks[i].Addr.String()
		}
		if i := slices.IndexFunc(p.Config.Gateways, func(g *hcl.Gateway) bool { return g.Range == *d.Subject }); i >= 0 {
			address = "gateway." + p.Config.Gateways[i].Name
		}
		p.report(*d.Subject, address, message, address)
	}
}
