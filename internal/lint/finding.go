package lint

import (
	"cmp"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// Finding is one place at which a rule is broken.
type Finding struct {
	Rule    *Rule
	Address string      // what it is about: key.orders, gateway.dev, variable.password; "" = the module
	Message string      // what is wrong here, full sentences; never a secret
	Range   hclv2.Range // where; no Filename = in no file of the module
	Reason  string      // of a suppressed finding: why, as its comment says
	same    string      // the message without what tells instances of a module apart
	Pack    string      // the rules of others that this one stands for, in the pack that was asked for; "" = none
}

// Report is what lint found.
type Report struct {
	Findings   []Finding // in source order
	Suppressed []Finding // those that an ignore comment answers for
	Rules      []*Rule   // that were looked at
	Looked     Looked
	Pack       *Pack // the pack that was asked for, or nil
	// Unread says that rules about recorded objects found nothing because nothing was read for them.
	Unread bool
}

// Looked is how much was looked at.
type Looked struct {
	Files, Blocks, Objects int
	Index                  bool // files in git's index are what was looked at
}

// Count is the number of findings of a severity.
func (r Report) Count(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Rule.Severity == s {
			n++
		}
	}
	return n
}

// Plaintext is a file that a data block reads or writes and that is not encrypted.
type Plaintext struct {
	Block addr.Address
	Path  string // as the block writes it
	Made  bool   // it is the block's output
}

// Plaintexts are the plaintext files of the data blocks of a module, and the encrypted ones, as far as they are known
// before anything is applied.
func Plaintexts(c *hcl.Config) (plain, encrypted []Plaintext) {
	m := survey(c)
	for _, kindName := range []string{"encrypt", "decrypt"} {
		for _, in := range m.of(kindName) {
			source, known := in.String("source")
			output, alsoKnown := in.String("output")
			from, to := Plaintext{in.addr, source, false}, Plaintext{in.addr, output, true}
			if kindName == "decrypt" {
				from, to, known, alsoKnown = to, from, alsoKnown, known
			}
			if known {
				plain = append(plain, from)
			}
			if alsoKnown {
				encrypted = append(encrypted, to)
			}
		}
	}
	return plain, encrypted
}

// arrange sorts findings as they are read, and drops what is said twice: the instances of a block share its text.
func arrange(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Range.Filename, b.Range.Filename), cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte),
			cmp.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(list, func(a, b Finding) bool {
		return a.Rule == b.Rule && a.Range == b.Range && a.Range.Filename != "" && a.same == b.same
	})
}
