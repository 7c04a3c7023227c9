package kind

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/suggest"
)

// MaxDescription is the longest description in characters (KMS: CreateKey).
const MaxDescription = 8192

// maxCharacters refuses a text of more characters than max.
func maxCharacters(what string, max int) func(cty.Value) error {
	return func(v cty.Value) error {
		if n := utf8.RuneCountInString(v.AsString()); n > max {
			return sentence("%s has at most %d characters; this one has %d. Shorten it.", what, max, n)
		}
		return nil
	}
}

// oneOf refuses every text that is not among allowed, and suggests the nearest.
func oneOf(what string, allowed ...string) func(cty.Value) error {
	return func(v cty.Value) error {
		given := v.AsString()
		if slices.Contains(allowed, given) {
			return nil
		}
		list := `"` + strings.Join(allowed, `", "`) + `"`
		if s := suggest.Nearest(given, allowed); s != "" {
			return sentence("%q is not a %s. Did you mean %q? Allowed: %s.", given, what, s, list)
		}
		return sentence("%q is not a %s. Allowed: %s.", given, what, list)
	}
}

// wholeNumber refuses numbers that are not whole or outside min to max.
func wholeNumber(what, unit string, min, max int64) func(cty.Value) error {
	return func(v cty.Value) error {
		n, acc := v.AsBigFloat().Int64()
		if acc != 0 || n < min || n > max {
			return sentence("%s is a whole number from %d to %d%s.", what, min, max, unit)
		}
		return nil
	}
}

// checkText is a check of texts as one of values.
func checkText(check func(string) error) func(cty.Value) error {
	return func(v cty.Value) error { return check(v.AsString()) }
}
