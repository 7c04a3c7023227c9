package lint

import (
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// inputRules are about variables, locals and settings.
func inputRules() []*Rule {
	return []*Rule{
		{
			ID: "KP019", Name: "sensitive-default", Severity: Error, Title: "Sensitive variable with a default",
			Why:    "The default stands in the configuration, for everyone who can read it, and is used wherever somebody forgets to give another.",
			Fix:    "Leave `default` out: then the value has to be given. What stood there is known; change it.",
			Source: "docs/language.md, Inputs",
			check: func(p *pass) {
				for _, v := range p.Config.Declarations() {
					if (v.Sensitive || v.Ephemeral) && v.Default {
						p.report(v.Range, v.Address(), "The sensitive %s has a default.", v.Name)
					}
				}
			},
		},
		{
			ID: "KP020", Name: "secret-variable", Severity: Warning, Title: "Variable for a secret that is not sensitive",
			Why: "A value that is not `sensitive` is shown in plans, kept in saved plans, and may reach any argument. `ephemeral` says besides that it is given again at " +
				"every run.",
			Fix:    "Write `sensitive = true`, and `ephemeral = true` where it is given at every run.",
			Source: "docs/language.md, Secrets in a configuration",
			check:  (*pass).secretVariables,
		},
		{
			ID: "KP029", Name: "unused-input", Severity: Note, Title: "Variable or local that nothing uses",
			Why:    "Who gives a value believes that it does something.",
			Fix:    "Take it out, or use it.",
			Source: "docs/language.md, Inputs",
			check: func(p *pass) {
				for _, d := range p.Config.Declarations() {
					if !d.Used {
						p.report(d.Range, d.Address(), "Nothing refers to %s.", d.Name)
					}
				}
			},
		},
		{
			ID: "KP039", Name: "required-version", Severity: Note, Title: "Module for any version",
			Why:    "An older kmsplan may read the module and not know what a newer one would have refused.",
			Fix:    "Write `kmsplan { required_version = \">= 0.1\" }`, with the version that you use.",
			Source: "docs/language.md, Settings",
			check: func(p *pass) {
				s := p.Config.Settings
				at := s.Range
				if at.Filename == "" && len(p.Config.Gateways) > 0 {
					at = p.Config.Gateways[0].Range
				}
				if s.RequiredVersion == "" {
					p.report(at, "", "The module does not say which versions of kmsplan may run it.")
				}
			},
		},
	}
}

// secretName is a variable's name that is one for a secret, and harmlessName its like that only tells about one.
var (
	secretName   = pattern.New(`(?i)(^|_)(password|passwd|passphrase|secret|token|private_?key|access_?key_?secret|credentials?)(_|$)`)
	harmlessName = pattern.New(`(?i)_(name|names|id|ids|arn|file|path|dir|length|days|interval|ttl|version|versions|tags|enabled|type|prefix|description|policy|count|user|username|url|key_id)$`)
)

func (p *pass) secretVariables() {
	reaches := p.secretInputs()
	for _, v := range p.Config.Declarations() {
		name, isVariable := strings.CutPrefix(v.Name, "var.")
		if !isVariable || v.Sensitive || v.Ephemeral {
			continue
		}
		switch where := reaches[v.Range]; {
		case where != "":
			p.report(v.Range, v.Address(), "The value of %s becomes %s, and is not sensitive.", v.Name, where)
		case secretName.MatchString(name) && !harmlessName.MatchString(name):
			p.report(v.Range, v.Address(), "By its name %s holds a secret, and it is not sensitive.", v.Name)
		}
	}
}

// secretInputs are the variables whose values reach a write-only argument, by where they stand, and which.
func (p *pass) secretInputs() map[hclv2.Range]string {
	reaches := map[hclv2.Range]string{}
	for _, b := range p.Config.Blocks {
		for _, a := range b.Kind.Attributes {
			if !a.WriteOnly {
				continue
			}
			for _, at := range p.Config.Behind(b.Addr, a.Name) {
				reaches[at] = "the " + a.Name + " of " + b.Addr.String()
			}
		}
	}
	for _, g := range p.Config.Gateways {
		for _, at := range p.Config.PasswordBehind(g.Name) {
			reaches[at] = "the password of gateway." + g.Name
		}
	}
	return reaches
}
