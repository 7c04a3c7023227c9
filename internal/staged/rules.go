package staged

import "kmsplan.dev/kmsplan/internal/lint"

const page = "docs/git.md"

// What was committed once is known: every way out says so.
const known = " What was committed before is known to whoever has the repository: change it at its source."

var (
	plaintext = &lint.Rule{
		ID: "KS001", Name: "plaintext-staged", Severity: lint.Error, Title: "Plaintext in git's index", Page: page,
		Why:    "The file is one of those that are encrypted when they are committed, and it is not. A history is not forgotten.",
		Fix:    "Encrypt it with `kmsplan encrypt` and stage it again, or take it out of the index." + known,
		Source: page,
	}
	unsealed = &lint.Rule{
		ID: "KS002", Name: "values-not-sealed", Severity: lint.Error, Title: "File whose values are not sealed", Page: page,
		Why:    "The file is one of those whose values are sealed when they are committed, and it is no document of kmsplan.",
		Fix:    "Seal them with `kmsplan encrypt -values -in-place`, and stage the file again." + known,
		Source: page,
	}
	source = &lint.Rule{
		ID: "KS003", Name: "source-staged", Severity: lint.Error, Title: "Plaintext of a data block in git's index", Page: page,
		Why:    "A data block keeps the file encrypted beside it. Whoever has the repository needs no key if the plaintext is in it.",
		Fix:    "Take it out of the index with `git rm --cached`, and add it to `.gitignore`." + known,
		Source: page,
	}
	loose = &lint.Rule{
		ID: "KS004", Name: "readable-value", Severity: lint.Error, Title: "Readable value in a sealed document", Page: page,
		Why:    "The document's own rules mean the value to be sealed. It was written by hand, and the document does not open any more.",
		Fix:    "Restore the file and make the change by decrypting it and encrypting it again." + known,
		Source: page,
	}
	broken = &lint.Rule{
		ID: "KS005", Name: "broken-document", Severity: lint.Error, Title: "Document that does not open", Page: page,
		Why:    "The file is a document whose header is damaged or there twice, as in a conflict that nobody decided.",
		Fix:    "Decide a conflict with `kmsplan git resolve`; restore what is damaged.",
		Source: page,
	}
)

// Rules are all there are.
func Rules() []*lint.Rule { return []*lint.Rule{plaintext, unsealed, source, loose, broken} }
