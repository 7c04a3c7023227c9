package hcl

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// Texts arrive as the bytes they are, or not at all. Expressions compose characters (an e and a combining
// accent become one é), and what is no UTF-8 would be replaced on its way to the service; both would change a
// password in silence. So every source of texts refuses what would change: files, variables, decoding
// functions, and the language's own escapes.

var (
	errNotUTF8  = errors.New("it is not UTF-8 text, so its bytes would be changed on the way to the service; give it Base64-encoded, or save it as UTF-8")
	errComposed = errors.New("it holds decomposed Unicode characters, such as an e followed by a combining accent, which kmsplan would have to compose, so its bytes would change; save it in composed form (Unicode NFC)")
)

// TextProblem says why a text cannot stand in a configuration as the bytes that it is, or nil.
func TextProblem(s string) error { return textProblem(s) }

// textProblem says why a text would not stay what it is, or nil.
func textProblem(s string) error {
	switch {
	case !utf8.ValidString(s):
		return errNotUTF8
	case !norm.NFC.IsNormalString(s), joins(s):
		return errComposed
	}
	return nil
}

// joins reports whether a text begins with a character that would be composed with what stands before it.
func joins(s string) bool {
	return s != "" && s[0] >= utf8.RuneSelf && !norm.NFC.PropertiesString(s).BoundaryBefore()
}

var escapes = pattern.New(`\\(?:\\|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))`)

// escapeProblem finds an escape that stands for a character which would be composed with its neighbour.
func escapeProblem(source string) error {
	for _, m := range escapes.FindAllStringSubmatch(source, -1) {
		code, err := strconv.ParseUint(m[1]+m[2], 16, 32)
		if err != nil || code > utf8.MaxRune {
			continue // HCL says what is wrong; or it is a backslash, which stands for itself
		}
		if s := string(rune(code)); joins(s) || !norm.NFC.IsNormalString(s) {
			return fmt.Errorf("the escape %s is a part of a character, which kmsplan would have to compose, so its bytes would change; write the composed character (Unicode NFC)", m[0])
		}
	}
	return nil
}

// surrogateProblem finds an escape of JSON that is half of a pair, for which decoding puts U+FFFD.
func surrogateProblem(source string) error {
	for i := 0; i < len(source)-1; i++ {
		if source[i] != '\\' {
			continue
		}
		r, n := jsonEscape(source[i:])
		if second, m := jsonEscape(source[i+n:]); utf16.DecodeRune(r, second) != utf8.RuneError {
			n += m
		} else if utf16.IsSurrogate(r) {
			return fmt.Errorf("the escape %s is half of a pair and stands for no character, so another would take its place; write the character itself", source[i:i+n])
		}
		i += n - 1
	}
	return nil
}

// jsonEscape is the escape that a text begins with: its character, or 0 where it needs no digits, and its length.
func jsonEscape(source string) (r rune, length int) {
	if len(source) >= 6 && source[:2] == `\u` {
		if code, err := strconv.ParseUint(source[2:6], 16, 16); err == nil {
			return rune(code), 6
		}
	}
	return 0, min(2, len(source))
}

// jsonProblem says why a JSON document cannot be decoded safely, or as it is.
func jsonProblem(s string) error {
	if err := jsonNesting(s); err != nil {
		return err
	}
	return surrogateProblem(s)
}

// documentProblem is textProblem for a document that a function decodes, its escapes included.
func documentProblem(s string) error {
	if err := textProblem(s); err != nil {
		return err
	}
	return escapeProblem(s)
}
