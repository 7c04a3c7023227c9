package lint

import "strconv"

func fileRules() []*Rule {
	return []*Rule{
		{
			ID: "KP021", Name: "encryption-context", Severity: Warning, Title: "Envelope without encryption context",
			Why: "Without a context an envelope opens wherever its key may be used: the one for staging in place of the one for production, or one application's in " +
				"place of another's. A context is bound into the envelope and held against what the reader expects.",
			Fix:    "Write `context = { app = \"…\", env = \"…\" }`, and the same in the `decrypt` block that reads the file.",
			Source: "KMS: GenerateDataKey, EncryptionContext; docs/envelope-format.md",
			check: func(p *pass) {
				for _, file := range p.module.of("encrypt") {
					if v, known := file.known("context"); file.unset("context") || known && v.LengthInt() == 0 {
						p.about(file, "context", "%s binds its envelope to nothing but the key.", file.addr.Block())
					}
				}
			},
		},
		{
			ID: "KP022", Name: "break-glass", Severity: Note, Title: "Envelope that only KMS opens",
			Why: "When the key is lost, or nobody can reach KMS, nothing opens the envelope. An age recipient whose identity lies in a safe opens it without KMS.",
			Fix: "Write `recipients = [\"age1…\"]`, and keep the identity offline.", Source: "docs/envelope-format.md, age recipients",
			check: func(p *pass) {
				for _, file := range p.module.of("encrypt") {
					if v, known := file.known("recipients"); file.unset("recipients") || known && v.LengthInt() == 0 {
						p.about(file, "recipients", "%s has no recipient for break-glass.", file.addr.Block())
					}
				}
				if e := p.Config.Settings.Encryption; e != nil && e.Enabled && len(e.Recipients) == 0 {
					p.report(e.Range, "", "The encryption of the state has no recipient for break-glass.")
				}
			},
		},
		{
			ID: "KP023", Name: "plaintext-output", Severity: Error, Title: "Plaintext where git commits it",
			Why:    "The file is made from an envelope. Nothing keeps git from taking it into the next commit, and a history is not forgotten.",
			Fix:    "Add the output to `.gitignore`, or write it outside the repository.",
			Source: "docs/security.md",
			check: func(p *pass) {
				p.committed("decrypt", "output", "%s writes the plaintext %s, which git does not ignore.")
			},
		},
		{
			ID: "KP024", Name: "plaintext-source", Severity: Warning, Title: "Plaintext beside its envelope",
			Why:    "The source of the envelope lies in the repository and nothing ignores it: whoever reads the repository needs no key.",
			Fix:    "Add the source to `.gitignore` and commit the envelope only. What was committed is known: change it.",
			Source: "docs/security.md",
			check:  func(p *pass) { p.committed("encrypt", "source", "%s encrypts %s, which git does not ignore.") },
		},
		{
			ID: "KP031", Name: "plaintext-mode", Severity: Note, Title: "Plaintext that a group can read",
			Why:    "The bits for the group let every process of that group read the plaintext.",
			Fix:    "Leave `mode` out (0600) where the reader runs as the owner.",
			Source: "docs/security.md, What kmsplan writes",
			check: func(p *pass) {
				for _, file := range p.module.of("decrypt") {
					text, _ := file.String("mode")
					if mode, err := strconv.ParseUint(text, 8, 32); err == nil && mode&0o070 != 0 {
						p.about(file, "mode", "%s writes its output with mode %s.", file.addr.Block(), text)
					}
				}
			},
		},
	}
}

// committed finds the plaintexts of data blocks that git would take into a commit. The message takes the block and the file.
func (p *pass) committed(kindName, argument, message string) {
	for _, file := range p.module.of(kindName) {
		if name, known := file.String(argument); known && p.module.repository.commits(name) {
			p.about(file, argument, message, file.addr.Block(), name)
		}
	}
}
