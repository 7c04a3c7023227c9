package resource

import (
	"crypto/rand"
	"errors"
	"math/big"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// The classes of characters a generated value is made of; the punctuation is
// that of KMS: GetRandomPassword.
const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numbers     = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

	defaultLength = 32
)

// errNoCharacters says that the exclusions leave nothing to choose from.
var errNoCharacters = errors.New("generate excludes every character, or its length is shorter than the number of classes it requires; exclude less")

// generate makes a secret value from crypto/rand by the arguments of a generate
// block. Every allowed value is equally likely.
func generate(args map[string]cty.Value) ([]byte, error) {
	classes := generateClasses(args)
	all := strings.Join(classes, "")
	length := defaultLength
	if v := unmarked(args["length"]); v != cty.NilVal && !v.IsNull() {
		n, _ := v.AsBigFloat().Int64()
		length = int(n)
	}
	required := flag(args["require_each_included_type"], true)
	if all == "" || length < 1 || required && length < len(classes) {
		return nil, errNoCharacters
	}
	for {
		value, err := pick(all, length)
		if err != nil {
			return nil, err
		}
		if !required || hasEach(value, classes) {
			return value, nil
		}
		clear(value)
	}
}

// generateClasses lists the included classes, less the excluded characters.
func generateClasses(args map[string]cty.Value) []string {
	excluded := text(args["exclude_characters"])
	var classes []string
	for _, c := range []struct{ name, set string }{
		{"exclude_lowercase", lowercase}, {"exclude_uppercase", uppercase},
		{"exclude_numbers", numbers}, {"exclude_punctuation", punctuation},
	} {
		if flag(args[c.name], false) {
			continue
		}
		set := strings.Map(func(r rune) rune {
			if strings.ContainsRune(excluded, r) {
				return -1
			}
			return r
		}, c.set)
		if set != "" {
			classes = append(classes, set)
		}
	}
	return classes
}

// pick draws characters independently and uniformly.
func pick(from string, length int) ([]byte, error) {
	out := make([]byte, length)
	size := big.NewInt(int64(len(from)))
	for i := range out {
		n, err := rand.Int(rand.Reader, size)
		if err != nil {
			return nil, err
		}
		out[i] = from[n.Int64()]
	}
	return out, nil
}

func hasEach(value []byte, classes []string) bool {
	for _, set := range classes {
		if !strings.ContainsAny(string(value), set) {
			return false
		}
	}
	return true
}

func flag(v cty.Value, def bool) bool {
	v = unmarked(v)
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return def
	}
	return v.True()
}
