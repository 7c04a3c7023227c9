package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
)

// gatewayRules are about the ways to the service and to the state.
func gatewayRules() []*Rule {
	return []*Rule{
		{
			ID: "KP013", Name: "state-in-clear", Severity: Warning, Title: "Remote state that is not encrypted",
			Why: "The state names every key, alias, secret and file of the stack, and holds fingerprints of values that can be guessed at. Whoever reads the store reads it, and " +
				"whoever writes the store can change it unnoticed.",
			Fix:    "Write `kmsplan { encryption { key = … } }` with a key that this stack does not manage.",
			Source: "docs/state.md; docs/security.md, Stores on servers",
			check: func(p *pass) {
				s := p.Config.Settings
				switch {
				case s.BackendType == kind.DefaultBackend:
				case s.Encryption == nil:
					p.report(s.BackendRange, "", "The state lies in a %s store, and there is no encryption block.", s.BackendType)
				case !s.Encryption.Enabled:
					p.report(s.Encryption.Range, "", "The state lies in a %s store, and its encryption is switched off.", s.BackendType)
				}
			},
		},
		{
			ID: "KP025", Name: "plain-http", Severity: Warning, Title: "Connection without TLS",
			Why:    "Requests carry secret values and signatures, and answers are believed. Without TLS every process of the machine that can take the port answers in the service's place.",
			Fix:    "Write `https://`; an emulator serves it too, with the CA of its ready file.",
			Source: "docs/security.md, Who can do what",
			check:  (*pass).plainHTTP,
		},
		{
			ID: "KP026", Name: "instance-ca", Severity: Warning, Title: "Instance without its CA",
			Why:    "The certificate of an instance gateway is signed by the instance's own CA. Without `ca_file` or `ca` the machine's roots are asked: they refuse it, or let another in.",
			Fix:    "Download the CA certificate of the instance and write `ca_file = \"PrivateKmsCA_kst-….pem\"`.",
			Source: "KMS: instance gateway, CA certificate",
			check: func(p *pass) {
				for _, g := range p.Config.Gateways {
					if g.Instance != nil && g.Instance.CAFile == "" && g.Instance.CA == "" && !written(g, "instance.ca_file") && !written(g, "instance.ca") {
						p.report(orElse(g, "instance.id"), "gateway."+g.Name, "gateway.%s does not say which CA signs the instance's certificate.", g.Name)
					}
				}
			},
		},
		{
			ID: "KP027", Name: "password-literal", Severity: Error, Title: "Client key's password written out",
			Why:    "With the client key's file it opens the instance, for everyone who can read the repository.",
			Fix:    "Take it from a variable with `sensitive = true` and `ephemeral = true`. Make another client key: this password is known.",
			Source: "docs/language.md, Accounts and regions",
			check:  func(p *pass) { p.warned(kind.PasswordNotWritten, "The password of %s is a text in this file.") },
		},
		{
			ID: "KP028", Name: "readable-credentials", Severity: Warning, Title: "Credentials that others can read",
			Why:    "Every user of the machine can read the file: a client key, or values of sensitive variables.",
			Fix:    "`chmod 600` the file.",
			Source: "docs/security.md, What kmsplan writes",
			check:  (*pass).readable,
		},
	}
}

func written(g *hcl.Gateway, argument string) bool { _, ok := g.Ranges[argument]; return ok }

// orElse is where an argument of a gateway stands, or the gateway's header.
func orElse(g *hcl.Gateway, argument string) hclv2.Range {
	if r, ok := g.Ranges[argument]; ok {
		return r
	}
	return g.Range
}

func (p *pass) plainHTTP() {
	for _, g := range p.Config.Gateways {
		endpoints := map[string]string{}
		if g.Public != nil {
			endpoints["public.endpoint"] = g.Public.Endpoint
		}
		if g.Instance != nil {
			endpoints["instance.endpoint"] = g.Instance.Endpoint
		}
		for argument, endpoint := range endpoints {
			if strings.HasPrefix(endpoint, "http://") {
				p.report(orElse(g, argument), "gateway."+g.Name, "gateway.%s reaches %s without TLS.", g.Name, endpoint)
			}
		}
	}
	for name, value := range p.Config.Settings.Backend {
		if strings.HasPrefix(value, "http://") {
			p.report(p.Config.Settings.BackendRange, "", "%s of the backend is reached without TLS.", name)
		}
	}
}

func (p *pass) readable() {
	for _, g := range p.Config.Gateways {
		if g.Instance == nil || g.Instance.ClientKey == nil {
			continue
		}
		if mode := p.open(g.Instance.ClientKey.File); mode != "" {
			p.report(orElse(g, "instance.client_key.file"), "gateway."+g.Name, "The client key %s has mode %s.", g.Instance.ClientKey.File, mode)
		}
	}
	for _, v := range p.Config.Declarations() {
		file := v.From[:max(strings.LastIndex(v.From, ":"), 0)]
		if mode := p.open(file); mode != "" && (v.Sensitive || v.Ephemeral) {
			p.report(v.Range, v.Address(), "%s gives the sensitive %s and has mode %s.", file, v.Name, mode)
		}
	}
}

// open is the mode of a file that others than its owner can read, or "".
func (p *pass) open(name string) string {
	if name == "" || runtime.GOOS == "windows" {
		return ""
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.Config.Dir, name)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return fmt.Sprintf("%04o", info.Mode().Perm())
}
