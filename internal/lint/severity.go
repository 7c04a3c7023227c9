package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a finding is.
type Severity int

// The severities, the mildest first.
const (
	Note    Severity = iota // worth a look
	Warning                 // weakens what kmsplan or KMS protects
	Error                   // loses data, or leaks a secret
)

var severities = [...]string{Note: "note", Warning: "warning", Error: "error"}

func (s Severity) String() string { return severities[s] }

// MarshalText makes a severity a word in JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Severities are the words of the severities, the mildest first.
func Severities() []string { return severities[:] }

// ParseSeverity reads such a word.
func ParseSeverity(word string) (Severity, error) {
	i := slices.Index(severities[:], word)
	if i < 0 {
		return 0, fmt.Errorf("%q is no severity; write one of %s", word, strings.Join(severities[:], ", "))
	}
	return Severity(i), nil
}
