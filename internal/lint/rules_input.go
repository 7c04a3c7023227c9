package lint

import (
	"maps"
	"regexp"
	"slices"
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
				for _, v := range p.Config.Inputs() {
					if (v.Sensitive || v.Ephemeral) && v.Default {
						p.report(v.Range, "variable."+v.Name, "The sensitive variable %q has a default.", v.Name)
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
				for _, v := range p.Config.Inputs() {
					if !v.Used {
						p.report(v.Range, "variable."+v.Name, "Nothing refers to var.%s.", v.Name)
					}
				}
				unused := p.Config.Unused()
				for _, name := range slices.Sorted(maps.Keys(unused)) {
					p.report(unused[name], "local."+name, "Nothing refers to local.%s.", name)
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
	secretName   = regexp.MustCompile(`(?i)(^|_)(password|passwd|passphrase|secret|token|private_?key|access_?key_?secret|credentials?)(_|$)`)
	harmlessName = regexp.MustCompile(`(?i)_(name|names|id|ids|arn|file|path|dir|length|days|interval|ttl|version|versions|tags|enabled|type|prefix|description|policy|count|user|username|url|key_id)$`)
)

func (p *pass) secretVariables() {
	reaches := p.secretInputs()
	for _, v := range p.Config.Inputs() {
		if v.Sensitive || v.Ephemeral {
			continue
		}
		switch where := reaches["var."+v.Name]; {
		case where != "":
			p.report(v.Range, "variable."+v.Name, "The value of var.%s becomes %s, and is not sensitive.", v.Name, where)
		case secretName.MatchString(v.Name) && !harmlessName.MatchString(v.Name):
			p.report(v.Range, "variable."+v.Name, "By its name var.%s holds a secret, and it is not sensitive.", v.Name)
		}
	}
}

// secretInputs are the variables whose values reach a write-only argument, and which.
func (p *pass) secretInputs() map[string]string {
	reaches := map[string]string{}
	mark := func(refs []string, where string) {
		for _, r := range refs {
			for _, v := range p.Config.Behind(r) {
				reaches[v] = where
			}
		}
	}
	for _, b := range p.Config.Blocks {
		for _, a := range b.Kind.Attributes {
			if refs, ok := p.Config.References(b.Addr, a.Name); ok && a.WriteOnly {
				mark(refs, "the "+a.Name+" of "+b.Addr.String())
			}
		}
	}
	for _, g := range p.Config.Gateways {
		refs, _ := p.Config.GatewayReferences(g.Name, "instance.client_key.password")
		mark(refs, "the password of gateway."+g.Name)
	}
	return reaches
}
