package lint

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
	}
}
