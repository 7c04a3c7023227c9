package kind

import (
	"strings"

	"filippo.io/age"
	"github.com/zclconf/go-cty/cty"
)

// MaxRecipients is how many age recipients an envelope's header has room for beside its KMS key (docs/envelope-format.md, 4).
const MaxRecipients = 16

// checkRecipients parses age public keys whole, so that a bad one is found before anything is called. What is none may be a
// private key given by mistake, so nothing is repeated.
func checkRecipients(v cty.Value) error {
	var keys, hybrid, n int
	for it := v.ElementIterator(); it.Next(); {
		_, r := it.Element()
		n++
		if !r.IsKnown() {
			continue
		}
		if r.IsNull() {
			return noRecipient(n)
		}
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(r.AsString())), "AGE-SECRET-KEY-") {
			return sentence("Recipient %d is a private key. Give its public key, which age-keygen -y prints, and consider the private one leaked.", n)
		}
		parsed, err := age.ParseRecipients(strings.NewReader(r.AsString()))
		if err != nil {
			return noRecipient(n)
		}
		for _, p := range parsed {
			if _, ok := p.(*age.HybridRecipient); ok {
				hybrid++
			}
		}
		keys += len(parsed)
	}
	switch {
	case hybrid > 0 && hybrid < keys:
		return sentence("Post-quantum recipients (age1pq1…) and classic ones do not mix: the weakest would decide. Use one kind.")
	case keys > MaxRecipients:
		return sentence("An envelope has room for %d recipients, and these are %d. Give people who share a duty one key.", MaxRecipients, keys)
	}
	return nil
}

func noRecipient(n int) error {
	return sentence("Recipient %d is no age public key, or one that is damaged. Copy it whole, \"age1…\", as age-keygen -y prints it. Never put the secret key (AGE-SECRET-KEY-…) here.", n)
}
