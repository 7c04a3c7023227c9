package census

import (
	"slices"
	"strings"
)

// Rates are calls per second that a stack may make.
type Rates struct {
	Crypto, CreateKey, KeyWrite, SecretRead, SecretWrite float64
}

// Ban is what it would cost to be without a key spec, or without a suite of file bodies.
type Ban struct {
	Banned    []string `json:"banned"`
	Keys      []Key    `json:"keys"`        // that need a successor
	Untold    []Key    `json:"untold_keys"` // of a spec that nothing here tells
	Rewraps   int      `json:"rewraps"`     // files whose header alone changes
	Reencrypt int      `json:"reencryptions"`
	Bytes     int64    `json:"plaintext_bytes"` // that are encrypted anew
	Secrets   int      `json:"secrets"`         // to be made anew, under other names
	Aliases   int      `json:"aliases"`
	Signing   int      `json:"signing_keys"` // whose signatures nobody knows here
	Missing   int      `json:"missing_files"`
	Calls     []Calls  `json:"calls"`
	Total     int      `json:"total_calls"`
	Hours     float64  `json:"hours"` // one quota after the other
}

// Calls are those of one operation, at its quota.
type Calls struct {
	Operation string  `json:"operation"`
	Calls     int     `json:"calls"`
	PerSecond float64 `json:"per_second"`
	Why       string  `json:"why"`
}

// Agility reckons what a ban of these key specs and suites would cost. A rewrap opens the data key, wraps it under the
// successor and opens that once; a fresh encryption opens the file, has a data key made, and proves that.
func Agility(in Inventory, banned []string, rates Rates) Ban {
	b := Ban{Banned: banned, Keys: []Key{}, Untold: []Key{}}
	is := func(s string) bool {
		return slices.ContainsFunc(banned, func(x string) bool { return s != "" && strings.EqualFold(x, s) })
	}
	under := map[string]bool{}
	for _, k := range in.Keys {
		switch {
		case k.Spec == "":
			b.Untold = append(b.Untold, k)
		case is(k.Spec):
			b.Keys, under[k.ID] = append(b.Keys, k), true
			b.Secrets += k.Secrets
			b.Aliases += k.Aliases
			if k.Usage == "SIGN/VERIFY" {
				b.Signing++
			}
		}
	}
	for i := range in.Files {
		f := &in.Files[i]
		switch {
		case f.Status == Missing || f.Status == Unreadable:
			b.Missing++
		case is(f.Suite):
			b.Reencrypt++
			b.Bytes += f.Bytes
		case under[f.Key]:
			b.Rewraps++
		}
	}
	add := func(operation string, n int, rate float64, why string) {
		if n > 0 {
			b.Calls = append(b.Calls, Calls{operation, n, rate, why})
			b.Total += n
			b.Hours += float64(n) / rate / 3600
		}
	}
	b.Calls = []Calls{}
	add("CreateKey", len(b.Keys), rates.CreateKey, "a successor of each key")
	add("UpdateAlias", b.Aliases, rates.KeyWrite, "aliases move to it")
	add("Decrypt", b.Rewraps+b.Reencrypt, rates.Crypto, "the data key of each file is opened")
	add("Encrypt", b.Rewraps, rates.Crypto, "it is wrapped under the successor")
	add("GenerateDataKey", b.Reencrypt, rates.Crypto, "a fresh data key")
	add("Decrypt", b.Rewraps+b.Reencrypt, rates.Crypto, "the new wrap is proved")
	add("GetSecretValue", b.Secrets, rates.SecretRead, "secrets are read")
	add("CreateSecret", b.Secrets, rates.SecretWrite, "and made anew under the successor")
	return b
}
