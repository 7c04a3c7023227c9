package lint

import (
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

func secretRules() []*Rule {
	return []*Rule{
		{
			ID: "KP010", Name: "secret-literal", Severity: Error, Title: "Secret value written out",
			Why:    "The value stands in the configuration, for everyone who can read the repository, now and in its history.",
			Fix:    "Take it from a variable with `sensitive = true` and `ephemeral = true`, or let `generate { }` make it. Change the value: it is known.",
			Source: "docs/language.md, Secrets in a configuration",
			check:  func(p *pass) { p.warned(kind.SecretNotWritten, "The value of %s is a text in this file.") },
		},
	}
}

// warned makes findings of what loading warned of under a rule of package kind. The message takes the block's address.
func (p *pass) warned(rule, message string) {
	for _, d := range p.Warnings {
		broken, ok := d.Extra.(hcl.RuleBroken)
		if !ok || broken.ID != rule || d.Subject == nil {
			continue
		}
		address := ""
		for _, in := range p.module.instances {
			if in.block.Range == *d.Subject {
				address = in.addr.Block().String()
				break
			}
		}
		p.report(*d.Subject, address, message, address)
	}
}
